import { describe, expect, it } from "vitest";
import type { Moment } from "../../src/split-brain/heard-owners.ts";
import { createNextOwner } from "../../src/split-brain/next-owner.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { ADVERT, BACKED_UP } from "../fixtures/rival.ts";

const NEXT_OWNER = ADVERT.source;
const { name, interface: link } = INSTANCE;
const GROUPS = [BACKED_UP];
/** The time since 1970 at the monotonic time 0. */
const START_MS = Date.parse("2026-11-22T03:14:00.000Z");
const isoAt = (ms: number) => new Date(START_MS + ms).toISOString();
const moment = (ms: number): Moment => ({ ms, at: isoAt(ms) });
const frame = (advert: Partial<Advert> = {}, on = link) => ({
  text: "",
  interface: on,
  mac: "02:00:00:00:00:12",
  advert: { ...ADVERT, ...advert },
});

function listen() {
  const told: string[] = [];
  const since: string[] = [];
  const nextOwner = createNextOwner((takeover) => {
    told.push(`${takeover.group} ${takeover.address} ${takeover.afterMs}`);
    since.push(takeover.since);
  });
  return {
    told,
    since,
    setState: (isOwner: boolean, ms: number, ownedSince?: string) => {
      const heard = {
        before: NEXT_OWNER,
        phase: "heard",
        address: NEXT_OWNER,
        priority: 250,
        since: ownedSince ?? "",
      } as const;
      const known = ownedSince === undefined ? undefined : { ...heard, heardAt: isoAt(ms) };
      nextOwner.setState(name, isOwner, moment(ms), known);
    },
    receive: (...of: Parameters<typeof frame>) => nextOwner.noteFrame(frame(...of), GROUPS, moment(112)),
    /** Takes a frame now that the kernel received earlier. */
    take: (ms: number, receivedMs = ms, source = NEXT_OWNER) =>
      nextOwner.noteFrame({ ...frame({ source }), receivedMs: START_MS + receivedMs }, GROUPS, moment(ms)),
    awaited: (nowMs: number) => [...nextOwner.awaited(nowMs)],
  };
}

it("tells the first owner that is heard, once for each time that the group was released", () => {
  const { setState, told, receive } = listen();
  for (let time = 0; time < 2; time += 1) {
    setState(true, 100);
    receive({ source: "198.51.100.13" });
    setState(false, 100);
    receive();
    receive({ source: "198.51.100.13" });
    setState(false, 100);
    receive();
  }

  expect(told).toEqual([`${name} ${NEXT_OWNER} 12`, `${name} ${NEXT_OWNER} 12`]);
});

it("tells nothing of a group that this host never owned, or owns again", () => {
  const { setState, told, receive } = listen();
  setState(false, 100);
  receive();
  setState(true, 100);
  setState(false, 100);
  setState(true, 100);
  receive();

  expect(told).toEqual([]);
});

it.each<{ what: string; advert?: Partial<Advert>; on?: string }>([
  { what: "an advert with priority 0", advert: { priority: 0 } },
  { what: "an advert of its own", advert: { source: "198.51.100.11" } },
  { what: "another router", advert: { virtualRouterId: INSTANCE.virtualRouterId + 1 } },
  { what: "an advert that a router forwarded", advert: { ttl: 254 } },
  { what: "another link", on: "eth9" },
])("does not take $what for the next owner", ({ advert, on }) => {
  const { setState, told, receive } = listen();
  setState(true, 100);
  setState(false, 100);
  receive(advert, on);
  expect(told).toEqual([]);

  receive();
  expect(told).toEqual([`${name} ${NEXT_OWNER} 12`]);
});

it("awaits the next owner until it is heard, for 10 s at most", () => {
  const { setState, awaited, receive } = listen();
  setState(true, 0);
  expect(awaited(50)).toEqual([]);
  setState(false, 100);
  expect(awaited(110)).toEqual([name]);
  expect(awaited(10_100)).toEqual([]);
  receive();
  expect(awaited(113)).toEqual([]);
});

describe("since when the next owner owns the VIPs", () => {
  it("is when the kernel received its first advert, which a stopped host reads later", () => {
    const { setState, take, told, since } = listen();
    setState(true, 0);
    // stopped from 1 s to 21 s; the listener prints what came meanwhile once
    setState(false, 21_000);
    take(21_100, 1_700);

    expect([told, since]).toEqual([[`${name} ${NEXT_OWNER} undefined`], [isoAt(1_700)]]);
  });

  it("is the same where the advert is read before this host knows that it is owner no more", () => {
    const { setState, take, told, since } = listen();
    setState(true, 0);
    take(21_000, 1_700);
    take(21_020, 21_010);
    setState(false, 21_100);
    take(21_250, 21_210);

    expect([told, since]).toEqual([[`${name} ${NEXT_OWNER} undefined`], [isoAt(1_700)]]);
  });

  it("is after the release in any other case", () => {
    const { setState, take, told, since } = listen();
    setState(true, 0);
    setState(false, 5_000);
    take(5_012, 5_011);

    expect([told, since]).toEqual([[`${name} ${NEXT_OWNER} 11`], [isoAt(5_011)]]);
  });

  it("is from before this host was owner, where this host was deaf and the owner went on", () => {
    const { setState, take, told, since } = listen();
    setState(true, 10_000, isoAt(3_000));
    for (let ms = 10_100; ms < 17_000; ms += 250) take(ms);
    setState(false, 17_000);
    take(17_010);

    expect([told, since]).toEqual([[`${name} ${NEXT_OWNER} undefined`], [isoAt(3_000)]]);
  });

  it("is not from before where the owner was silent, and came back", () => {
    const { setState, take, told, since } = listen();
    setState(true, 10_000, isoAt(3_000));
    setState(false, 12_000);
    take(12_100);

    expect([told, since]).toEqual([[`${name} ${NEXT_OWNER} 100`], [isoAt(12_100)]]);
  });

  it("is not from before where the owner gave way, and came again while this host was stopped", () => {
    const { setState, take, since } = listen();
    setState(true, 10_000, isoAt(3_000));
    // it was stopped, too, goes on for a moment as owner, and is a backup then
    take(12_000);
    take(12_250);
    // this host is stopped from 13.5 s on
    take(16_000, 14_200);
    setState(false, 16_050);
    take(16_250, 16_210);

    expect(since).toEqual([isoAt(14_200)]);
  });

  it("is not when a rival was heard that has been silent since, or that is another host", () => {
    const { setState, take, since } = listen();
    setState(true, 0);
    take(1_000);
    take(19_500, 19_500, "198.51.100.13");
    setState(false, 20_000);
    take(20_010);

    expect(since).toEqual([isoAt(20_010)]);
  });
});
