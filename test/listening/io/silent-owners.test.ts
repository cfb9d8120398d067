/** Adverts with a long interval, from an owner that is there and from one that is not. */
import { pino } from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSilentOwners, type SilentOwners } from "../../../src/listening/io/silent-owners.ts";
import type { WireFrame } from "../../../src/wire/frame.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

const VIP = INSTANCE.firstVip.address;
const [PEER = ""] = INSTANCE.unicast?.peers ?? [];
const SOURCE = INSTANCE.unicast?.source ?? "";
const OWN = {
  addresses: new Set([SOURCE]),
  macs: new Map([["eth0", "02:00:00:00:00:01"]]),
  linkLocals: new Map(),
  down: new Set<string>(),
};

let rereads: string[];
let problems: string[];
let openCount: number;
let state: string;
let owners: SilentOwners;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  [rereads, problems, openCount, state] = [[], [], 0, "BACKUP"];
  const report = (errors: readonly unknown[]) => {
    problems = errors.map((error) => (error as { code: string }).code);
  };
  owners = createSilentOwners({
    listen: () => {
      openCount += 1;
      return {
        sinceMs: performance.now(),
        close: () => {
          openCount -= 1;
        },
      };
    },
    stateOf: () => state,
    reread: async (why) => void rereads.push(why),
    report: { problem: (error) => report([error]), problems: report, ok: () => report([]) },
    log: pino({ level: "silent" }),
  });
  owners.setInForce([INSTANCE], OWN);
});
afterEach(() => void vi.useRealTimers());

function advert(intervalSeconds: number, source = PEER): WireFrame {
  return {
    interface: "eth0",
    mac: "02:00:00:00:00:02",
    text: "",
    claim: undefined,
    advert: {
      source,
      destination: SOURCE,
      ttl: 255,
      version: 3,
      virtualRouterId: INSTANCE.virtualRouterId,
      priority: 255,
      addresses: [VIP],
      authPass: undefined,
      intervalSeconds,
    },
  } as WireFrame;
}

const answer = {
  interface: "eth0",
  mac: "02:00:00:00:00:02",
  text: "",
  advert: undefined,
  claim: { address: VIP, mac: "02:00:00:00:00:02" },
} as WireFrame;

it("has keepalived wait no longer for an owner that was heard once, and names that until another is heard", () => {
  owners.noteFrame(advert(40.95));
  vi.advanceTimersByTime(2_900);
  expect([rereads, problems]).toEqual([[], []]);

  vi.advanceTimersByTime(400);
  expect(problems).toEqual(["NO_OWNER_HEARD"]);
  expect(rereads).toEqual([expect.stringContaining(`${PEER} states an interval of 40.95 s`)]);

  owners.noteFrame(advert(INSTANCE.advertIntervalSeconds));
  expect([problems, openCount]).toEqual([[], 0]);
});

it("tries again every 5 s, and ends once this host is owner", () => {
  owners.noteFrame(advert(40.95));
  vi.advanceTimersByTime(13_500);
  expect(rereads).toHaveLength(3);

  state = "MASTER";
  vi.advanceTimersByTime(500);
  expect([problems, openCount]).toEqual([[], 0]);
});

it("leaves an owner alone that answers for its VIP, and listens no longer for it", () => {
  owners.noteFrame(advert(10));
  for (let times = 0; times < 14; times += 1) {
    owners.noteFrame(answer);
    vi.advanceTimersByTime(250);
  }
  expect([rereads, openCount]).toEqual([[], 0]);

  owners.noteFrame(advert(10));
  expect(openCount).toBe(0);
  owners.noteFrame(advert(40.95));
  expect(openCount).toBe(1);
});

it.each([
  ["an interval that keepalived waits for anyway", advert(0.2)],
  ["a sender that keepalived drops", advert(40.95, "203.0.113.9")],
])("begins nothing for %s", (_, frame) => {
  owners.noteFrame(frame);
  expect(openCount).toBe(0);
});

it("forgets a group that keepalived no longer runs", () => {
  owners.noteFrame(advert(40.95));
  owners.setInForce([], OWN);
  vi.advanceTimersByTime(10_000);
  expect([rereads, openCount]).toEqual([[], 0]);
});
