/** Who is heard as the owner, with the sentinel that has the listener report a sole owner rarely. Its clock is the test's. */
import pino from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { instanceStatus } from "../../../src/keepalived/instance-status.ts";
import { openSentinel } from "../../../src/split-brain/io/sentinel.ts";
import type { WireFrame } from "../../../src/wire/frame.ts";
import type { Wire } from "../../../src/wire/io/wire.ts";
import { INSTANCE } from "../../fixtures/desired.ts";
import { ADVERT } from "../../fixtures/rival.ts";
import { AT } from "../../fixtures/status.ts";

let stop: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

const NETWORK = {
  interfaces: [
    {
      name: "eth0",
      isLoopback: false,
      addresses: [{ address: "198.51.100.11", prefix: 24, isSecondary: false }],
    },
  ],
  defaultRoute: {},
};

function frameOf(source: string, priority = ADVERT.priority): WireFrame {
  const advert = { ...ADVERT, source, priority };
  return {
    text: `${source} ${priority}`,
    interface: "eth0",
    mac: `02:00:00:00:00:${source.slice(-2)}`,
    advert,
  };
}

/** A backup whose listener reports as it is told: rare frames every 5 s, all others four times a second. */
function open() {
  let onFrame: (frame: WireFrame) => void = () => undefined;
  let onRare: (text: string) => void = () => undefined;
  let rare: readonly string[] = [];
  const reportedMs = new Map<string, number>();
  let changes = 0;
  const sentinel = openSentinel({
    onSuspicions: () => undefined,
    openWire: (take) => {
      onFrame = take;
      const close = () => undefined;
      const wire: Wire = {
        listensOn: () => true,
        subscribe: () => ({ sinceMs: undefined, close }),
        hurry: () => ({ close }),
        setCapture: ({ rareFrames, onRareFrame }) => {
          [rare, onRare] = [rareFrames, onRareFrame];
        },
        setMembers: () => undefined,
        announce: () => undefined,
        send: () => undefined,
      };
      return wire;
    },
    dump: async () => undefined,
    onTakeover: () => undefined,
    hostNameOf: () => undefined,
    onOwners: () => {
      changes += 1;
    },
    onAdvice: () => undefined,
    readVips: async () => [],
    log: pino({ level: "silent" }),
    signal: stop.signal,
  });
  const setState = (name: string) => sentinel.setStates([instanceStatus(INSTANCE, { name, since: AT })]);
  sentinel.setInForce({ instances: [INSTANCE], network: NETWORK, changing: new Map() });
  setState("BACKUP");
  return {
    setState,
    /** Lets time pass, in which these hosts send. */
    pass: async (ms: number, ...frames: readonly WireFrame[]) => {
      for (let passed = 0; passed < ms; passed += 250) {
        for (const frame of frames) {
          const sinceMs = performance.now() - (reportedMs.get(frame.text) ?? Number.NEGATIVE_INFINITY);
          if (rare.includes(frame.text) && sinceMs < 5_000) continue;
          reportedMs.set(frame.text, performance.now());
          if (rare.includes(frame.text)) onRare(frame.text);
          else onFrame(frame);
        }
        await vi.advanceTimersByTimeAsync(250);
      }
    },
    owner: () => {
      const heard = sentinel.hearings().get("main");
      return heard?.phase === "heard" ? heard.address : heard?.phase;
    },
    isRare: () => rare.length > 0,
    changes: () => changes,
  };
}

const NODE_2 = frameOf("198.51.100.12", 250);
const NODE_3 = frameOf("198.51.100.13", 200);

it("a sole owner stays named while its adverts are reported rarely, without a change for hours", async () => {
  const { pass, owner, isRare, changes } = open();
  await pass(4_000, NODE_2);
  expect([owner(), isRare()]).toEqual(["198.51.100.12", true]);
  const before = changes();

  await pass(600_000, NODE_2);
  expect([owner(), isRare()]).toEqual(["198.51.100.12", true]);
  expect(changes()).toBe(before);
});

it("the next owner of a lower priority is named at its first advert", async () => {
  const { pass, owner } = open();
  await pass(20_000, NODE_2);
  await pass(750);
  await pass(250, NODE_3);

  expect(owner()).toBe("198.51.100.13");
});

it("an owner that comes back after another one is heard again at once", async () => {
  const { pass, owner } = open();
  await pass(20_000, NODE_2);
  await pass(1_000, NODE_3);
  expect(owner()).toBe("198.51.100.13");

  await pass(1_000, NODE_2);
  expect(owner()).toBe("198.51.100.12");
});

it("an owner that falls silent is missed within 7 s, also by a host in FAULT", async () => {
  const { pass, owner, setState } = open();
  await pass(20_000, NODE_2);
  setState("FAULT");
  await pass(20_000, NODE_2);
  expect(owner()).toBe("198.51.100.12");

  await pass(7_250);
  expect(owner()).toBe("silent");
});

it("leaves no timer behind when the agent ends", async () => {
  const { pass } = open();
  await pass(1_000, NODE_2);
  stop.abort();

  expect(vi.getTimerCount()).toBe(0);
});
