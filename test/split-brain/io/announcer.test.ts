import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createAnnouncer } from "../../../src/split-brain/io/announcer.ts";
import { BACKED_UP } from "../../fixtures/rival.ts";

const MAC = "02:00:00:00:00:11";
const instance = { ...BACKED_UP.instance, excludedVips: [{ address: "198.51.100.51", prefix: 32 }] };
const HELD = ["198.51.100.50", "198.51.100.51"].map((address) => ({ interface: "eth0", address }));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open(held: readonly { interface: string; address: string }[] | undefined = HELD) {
  const announced: string[] = [];
  let readCount = 0;
  const stop = new AbortController();
  const state = { isOwner: true };
  const announcer = createAnnouncer({
    announce: ({ name, mac }, addresses) => void announced.push(`${name} ${mac} ${addresses.join()}`),
    readVips: async () => {
      readCount += 1;
      return held;
    },
    findOwned: () => (state.isOwner ? { instance, mac: MAC } : undefined),
    signal: stop.signal,
  });
  return { announcer, announced, state, stop, reads: () => readCount };
}

const ALL = `eth0 ${MAC} 198.51.100.50,198.51.100.51`;

it("announces the first VIP of a group that begins, and all of one whose rival is gone", async () => {
  const { announcer, announced } = open();
  announcer.announceFirst(["main"]);
  announcer.announceAll("main");
  await vi.advanceTimersByTimeAsync(0);

  expect(announced).toEqual([`eth0 ${MAC} 198.51.100.50`, ALL]);
});

it("reads the kernel's addresses once for groups that begin while it reads", async () => {
  const { announcer, announced, reads } = open();
  for (const group of ["a", "b", "c", "d"]) announcer.announceFirst([group]);
  await vi.advanceTimersByTimeAsync(0);

  expect(announced).toHaveLength(4);
  expect(reads()).toBe(2);
});

it("announces no address that the kernel does not have, nor a group that this host owns no more", async () => {
  const there = open([{ interface: "eth1", address: "198.51.100.50" }, HELD[1]!]);
  there.announcer.announceAll("main");
  await vi.advanceTimersByTimeAsync(0);
  there.state.isOwner = false;
  there.announcer.announceAll("main");
  await vi.advanceTimersByTimeAsync(0);

  expect(there.announced).toEqual([`eth0 ${MAC} 198.51.100.51`]);
});

it("announces a group three times in 15 s at most, and leaves none out", async () => {
  const { announcer, announced, stop } = open();
  for (let ms = 0; ms < 10_000; ms += 500) {
    announcer.announceAll("main");
    await vi.advanceTimersByTimeAsync(500);
  }
  expect(announced).toEqual([ALL, ALL, ALL]);
  await vi.advanceTimersByTimeAsync(5_100);
  expect(announced).toHaveLength(4);

  announcer.announceAll("main");
  stop.abort();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(announced).toHaveLength(4);
});

it("forgets a group that is gone, with what was still to be announced of it", async () => {
  const { announcer, announced } = open();
  for (let count = 0; count < 4; count += 1) announcer.announceAll("main");
  await vi.advanceTimersByTimeAsync(5_000);
  for (let count = 0; count < 4; count += 1) {
    announcer.announceAll("main");
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(announced).toEqual([ALL, ALL, ALL]);

  announcer.retainGroups(new Set(["web"]));
  announcer.announceAll("main");
  await vi.advanceTimersByTimeAsync(0);
  expect(announced).toHaveLength(4);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(announced).toHaveLength(4);
});
