import { describe, expect, it } from "vitest";
import { type Change, nextStep, PATIENCE_MS } from "../../src/planned-change/step.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const FROM: Instance = INSTANCE;
const NOW_MS = 1_000_000;
const NEW_VRID: Instance = { ...FROM, virtualRouterId: 51 };
const NEW_VERSION: Instance = { ...FROM, vrrpVersion: 2, advertIntervalSeconds: 1 };
const NEW_FIRST_VIP: Instance = { ...FROM, firstVip: { address: "198.51.100.60", prefix: 32 } };
const NEW_SOURCE: Instance = {
  ...FROM,
  unicast: { source: "198.51.100.21", peers: ["198.51.100.12", "198.51.100.33"], isAlone: false },
};
const HURRIED: Instance = { ...NEW_VRID, advertIntervalSeconds: 0.05 };

function step(change: Partial<Change>) {
  const whole: Change = {
    from: FROM,
    to: NEW_VRID,
    formers: [FROM],
    isMaster: false,
    isHeld: false,
    canStay: true,
    sinceMs: NOW_MS,
    heard: { listeningSinceMs: NOW_MS },
    ...change,
  };
  return nextStep(whole, NOW_MS);
}

describe("a host that does not own the VIPs", () => {
  it.each([NEW_VRID, NEW_VERSION, NEW_FIRST_VIP])("changes at once, and is held back: %#", (to) => {
    expect(step({ to })).toMatchObject({ instance: to, hold: expect.any(String), isOver: false });
  });

  it("waits until the others know its new source", () => {
    const waiting = step({ to: NEW_SOURCE });

    expect(waiting).toMatchObject({ isOver: false, againMs: PATIENCE_MS });
    expect(waiting.hold).toBeUndefined();
    expect(waiting.instance.unicast).toEqual({
      source: "198.51.100.11",
      peers: ["198.51.100.12", "198.51.100.13", "198.51.100.33"],
      isAlone: false,
    });
    expect(step({ to: NEW_SOURCE, sinceMs: NOW_MS - PATIENCE_MS })).toEqual({
      instance: NEW_SOURCE,
      isOver: true,
    });
  });

  it("cannot wait with a source that is gone, and is held back until the others know the new one", () => {
    const moved = step({ to: NEW_SOURCE, canStay: false });

    expect(moved).toMatchObject({ instance: NEW_SOURCE, hold: expect.any(String), isOver: false });
  });
});

describe("the owner", () => {
  it("goes on until all others have heard of the change", () => {
    const waiting = step({ isMaster: true, sinceMs: NOW_MS - 5_000 });

    expect(waiting).toEqual({ instance: FROM, isOver: false, againMs: PATIENCE_MS - 5_000 });
  });

  it.each([NEW_VERSION, NEW_FIRST_VIP])(
    "then changes without letting go where keepalived lets it: %#",
    (to) => {
      const turn = step({ to, isMaster: true, sinceMs: NOW_MS - PATIENCE_MS });

      expect(turn).toEqual({ instance: to, isOver: false, isMinding: true, againMs: 48_000 });
    },
  );

  it("then lets go, is held back, and begins anew in a hurry", () => {
    const turn = step({ isMaster: true, sinceMs: NOW_MS - PATIENCE_MS });

    expect(turn).toMatchObject({ instance: HURRIED, hold: expect.any(String), isOver: false });
  });

  it("needs no patience where there is nobody else", () => {
    const alone = { source: "198.51.100.11", peers: ["198.51.100.11"], isAlone: true };
    const [from, to] = [FROM, NEW_VERSION].map((instance): Instance => ({ ...instance, unicast: alone }));

    expect(step({ from: from!, to: to!, isMaster: true })).toEqual({ instance: to, isOver: true });
  });
});

describe("a host that changed and is held back", () => {
  const held = { from: NEW_VRID, isHeld: true, sinceMs: NOW_MS - 10_000 };
  const former = { atMs: NOW_MS - 100, source: "198.51.100.12" };

  it("says who owns the VIPs as before", () => {
    const { hold } = step({ ...held, heard: { listeningSinceMs: NOW_MS - 60_000, former } });

    expect(hold).toContain("198.51.100.12");
  });

  it.each([
    { why: "it hears an owner of the new group", heard: { listeningSinceMs: NOW_MS, successorMs: NOW_MS } },
    { why: "nobody spoke for as long as it listens", heard: { listeningSinceMs: NOW_MS - 900 } },
    {
      why: "the former owner has been silent for an Active_Down_Interval",
      heard: { listeningSinceMs: NOW_MS - 60_000, former: { ...former, atMs: NOW_MS - 900 } },
    },
    {
      why: "the former owner let go and nobody took over within Skew_Time",
      heard: {
        listeningSinceMs: NOW_MS - 60_000,
        former: { ...former, atMs: NOW_MS - 400 },
        farewellMs: NOW_MS - 300,
      },
    },
  ])("is let go when $why", ({ heard }) => {
    expect(step({ ...held, heard })).toMatchObject({ instance: NEW_VRID, isMinding: true });
    expect(step({ ...held, heard }).hold).toBeUndefined();
  });

  it.each([
    { why: "it has not listened for long", heard: { listeningSinceMs: NOW_MS - 500 } },
    { why: "the former owner spoke a moment ago", heard: { listeningSinceMs: NOW_MS - 60_000, former } },
    {
      why: "another took over from the former owner",
      heard: { listeningSinceMs: NOW_MS - 60_000, former, farewellMs: NOW_MS - 300 },
    },
    {
      why: "the former owner let go a moment ago",
      heard: { listeningSinceMs: NOW_MS - 60_000, former, farewellMs: NOW_MS - 50 },
    },
    { why: "it cannot listen", heard: { listeningSinceMs: undefined } },
    {
      why: "the change has only begun, though it listens since an earlier one",
      heard: { listeningSinceMs: NOW_MS - 60_000 },
      sinceMs: NOW_MS - 100,
    },
  ])("stays held back while $why", ({ heard, sinceMs = held.sinceMs }) => {
    const { hold, againMs = 0 } = step({ ...held, heard, sinceMs });

    expect(hold).toEqual(expect.any(String));
    expect(againMs).toBeGreaterThan(0);
  });

  it("is let go after 30 s where it cannot listen", () => {
    const deaf = { ...held, heard: { listeningSinceMs: undefined } };

    expect(step({ ...deaf, sinceMs: NOW_MS - 29_000 }).hold).toBeDefined();
    expect(step({ ...deaf, sinceMs: NOW_MS - 30_100 }).hold).toBeUndefined();
  });

  it("takes its pace only when the group has an owner, after a hurry", () => {
    const silent = {
      from: HURRIED,
      sinceMs: NOW_MS - 10_000,
      heard: { listeningSinceMs: NOW_MS - 60_000 },
    };

    expect(step({ ...silent, isHeld: true })).toEqual({ instance: HURRIED, isOver: false, againMs: 1_000 });
    expect(step({ ...silent, isMaster: true })).toMatchObject({ instance: NEW_VRID, isMinding: true });
    expect(step({ ...silent, heard: { ...silent.heard, successorMs: NOW_MS } }).instance).toEqual(NEW_VRID);
  });
});

describe("a host that has changed and was let go", () => {
  const minding = { from: NEW_VRID, isMaster: true, sinceMs: NOW_MS - 20_000 };
  const late = { listeningSinceMs: NOW_MS - 20_000, former: { atMs: NOW_MS - 10, source: "198.51.100.13" } };

  it("minds for a minute a host that has not heard of the change, and is held back while that owns the VIPs", () => {
    const contested = step({ ...minding, heard: late });

    expect(contested).toMatchObject({ instance: NEW_VRID, isOver: false });
    expect(contested.hold).toContain("198.51.100.13");
  });

  it("minds it though it has heard an owner of the new group before", () => {
    expect(step({ ...minding, heard: { ...late, successorMs: NOW_MS - 15_000 } }).hold).toBeDefined();
  });

  it("minds nobody after that minute", () => {
    expect(step({ ...minding, sinceMs: NOW_MS - 60_000 })).toEqual({ instance: NEW_VRID, isOver: true });
  });
});

it("is over where a change is taken back before anything was done", () => {
  expect(step({ to: FROM, isMaster: true, sinceMs: NOW_MS - 60_000 })).toEqual({
    instance: FROM,
    isOver: true,
  });
});
