import { describe, expect, it } from "vitest";
import type { ChangeState } from "../../src/planned-change/change-state.ts";
import { nextStep } from "../../src/planned-change/step.ts";
import { LONGEST_HOLD_MS, PROPAGATION_MS, WATCH_MS } from "../../src/planned-change/waits.ts";
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
const IN_ELECTION: Instance = { ...NEW_VRID, advertIntervalSeconds: 0.05 };

function step(change: Partial<ChangeState>) {
  const whole: ChangeState = {
    from: FROM,
    to: NEW_VRID,
    formerGroups: [FROM],
    isOwner: false,
    isHeld: false,
    canStay: true,
    sinceMs: NOW_MS,
    sourceSinceMs: change.sinceMs ?? NOW_MS,
    ownAddresses: new Set(["198.51.100.11"]),
    heard: { listeningSinceMs: NOW_MS },
    ...change,
  };
  return nextStep(whole, NOW_MS);
}

describe("a host that does not own the VIPs", () => {
  it.each([NEW_VRID, NEW_VERSION, NEW_FIRST_VIP])("changes at once, and is held back: %#", (to) => {
    expect(step({ to })).toMatchObject({ instance: to, phase: "held", reason: expect.any(String) });
  });

  it("waits until the other hosts know its new source", () => {
    const waiting = step({ to: NEW_SOURCE });

    expect(waiting).toMatchObject({ phase: "waiting", recheckMs: PROPAGATION_MS });
    expect(waiting).not.toHaveProperty("reason");
    expect(waiting.instance.unicast).toEqual({
      source: "198.51.100.11",
      peers: ["198.51.100.12", "198.51.100.13", "198.51.100.33"],
      isAlone: false,
    });
    expect(step({ to: NEW_SOURCE, sinceMs: NOW_MS - PROPAGATION_MS })).toEqual({
      instance: NEW_SOURCE,
      phase: "done",
    });
  });

  it("does not wait with a source that is gone, and is held back until the other hosts know the new one", () => {
    const moved = step({ to: NEW_SOURCE, canStay: false });

    expect(moved).toMatchObject({ instance: NEW_SOURCE, phase: "held", reason: expect.any(String) });
  });
});

describe("the owner", () => {
  it("stays in the former group until all others have learned of the change", () => {
    const waiting = step({ isOwner: true, sinceMs: NOW_MS - 5_000 });

    expect(waiting).toEqual({ instance: FROM, phase: "waiting", recheckMs: PROPAGATION_MS - 5_000 });
  });

  it.each([NEW_VERSION, NEW_FIRST_VIP])(
    "then changes and stays owner where keepalived keeps its state: %#",
    (to) => {
      const turn = step({ to, isOwner: true, sinceMs: NOW_MS - PROPAGATION_MS });

      expect(turn).toEqual({ instance: to, phase: "watching", recheckMs: 48_000 });
    },
  );

  it("otherwise releases the VIPs, is held back, and uses the election interval", () => {
    const turn = step({ isOwner: true, sinceMs: NOW_MS - PROPAGATION_MS });

    expect(turn).toMatchObject({ instance: IN_ELECTION, phase: "held", reason: expect.any(String) });
  });

  it("gives way to an owner of the new group that is there already", () => {
    const heard = { listeningSinceMs: NOW_MS - 5_000, newOwnerMs: NOW_MS - 100 };

    for (const to of [NEW_VRID, NEW_VERSION])
      expect(step({ to, isOwner: true, heard })).toMatchObject({ instance: to, phase: "held" });
  });

  it("does not wait when it is alone", () => {
    const alone = { source: "198.51.100.11", peers: ["198.51.100.11"], isAlone: true };
    const [from, to] = [FROM, NEW_VERSION].map((instance): Instance => ({ ...instance, unicast: alone }));

    expect(step({ from: from!, to: to!, isOwner: true })).toEqual({ instance: to, phase: "done" });
  });
});

describe("a host that has changed and is held back", () => {
  const held = { from: NEW_VRID, isHeld: true, sinceMs: NOW_MS - 10_000 };
  const formerOwner = { atMs: NOW_MS - 100, source: "198.51.100.12", intervalMs: 200 };

  it("says which host still owns the VIPs in the former group", () => {
    const contested = step({ ...held, heard: { listeningSinceMs: NOW_MS - 60_000, formerOwner } });

    expect(contested).toMatchObject({ phase: "held", reason: expect.stringContaining("198.51.100.12") });
  });

  it.each([
    { why: "it hears an owner of the new group", heard: { listeningSinceMs: NOW_MS, newOwnerMs: NOW_MS } },
    {
      why: "no owner was heard since it began to listen, long enough ago",
      heard: { listeningSinceMs: NOW_MS - 900 },
    },
    {
      why: "the former owner has been silent for an Active_Down_Interval",
      heard: { listeningSinceMs: NOW_MS - 60_000, formerOwner: { ...formerOwner, atMs: NOW_MS - 900 } },
    },
    {
      why: "the former owner released the VIPs and no host took over within Skew_Time",
      heard: {
        listeningSinceMs: NOW_MS - 60_000,
        formerOwner: { ...formerOwner, atMs: NOW_MS - 400 },
        releasedMs: NOW_MS - 300,
      },
    },
  ])("is released when $why", ({ heard }) => {
    expect(step({ ...held, heard })).toMatchObject({ instance: NEW_VRID, phase: "watching" });
    expect(step({ ...held, heard })).not.toHaveProperty("reason");
  });

  it("is held back for a minute at most by one advert that states the longest interval there is", () => {
    const heardAgo = (forMs: number) => {
      const sinceMs = NOW_MS - forMs;
      const forged = { ...formerOwner, atMs: sinceMs + 100, intervalMs: 40_950 };
      return step({ ...held, sinceMs, heard: { listeningSinceMs: sinceMs, formerOwner: forged } }).phase;
    };

    expect(heardAgo(WATCH_MS - 1)).toBe("held");
    expect(heardAgo(WATCH_MS)).toBe("done");
  });

  it.each([
    { why: "it has not listened for long", heard: { listeningSinceMs: NOW_MS - 500 } },
    {
      why: "the former owner was heard a moment ago",
      heard: { listeningSinceMs: NOW_MS - 60_000, formerOwner },
    },
    {
      why: "another took over from the former owner",
      heard: { listeningSinceMs: NOW_MS - 60_000, formerOwner, releasedMs: NOW_MS - 300 },
    },
    {
      why: "the former owner released the VIPs a moment ago",
      heard: { listeningSinceMs: NOW_MS - 60_000, formerOwner, releasedMs: NOW_MS - 50 },
    },
    { why: "it cannot listen", heard: { listeningSinceMs: undefined } },
    {
      why: "the change has only begun, though it listens since an earlier one",
      heard: { listeningSinceMs: NOW_MS - 60_000 },
      sinceMs: NOW_MS - 100,
    },
  ])("stays held back while $why", ({ heard, sinceMs = held.sinceMs }) => {
    const decided = step({ ...held, heard, sinceMs });

    expect(decided).toMatchObject({ phase: "held", reason: expect.any(String) });
    expect(decided.phase === "held" && decided.recheckMs).toBeGreaterThan(0);
  });

  describe("and becomes deaf late", () => {
    const sinceMs = NOW_MS - 100_000;
    const heldLong = (parts: Partial<ChangeState>) => step({ ...held, sinceMs, ...parts }).phase;

    it.each([
      { why: "its listener has just ended", listeningSinceMs: undefined, answeredMs: NOW_MS - 300 },
      { why: "its listener has just come back", listeningSinceMs: NOW_MS - 100, answeredMs: NOW_MS - 5_000 },
      { why: "a flood took the answers", listeningSinceMs: NOW_MS - 1_000, answeredMs: NOW_MS - 10_000 },
    ])("stays held back by a machine that answered when it could hear: $why", ({ why: _, ...heard }) => {
      const parts = { deafSinceMs: NOW_MS, heard: { ...heard, formerOwner } };

      expect(heldLong(parts)).toBe("held");
      expect(
        heldLong({ ...parts, isHeld: false, heard: { ...parts.heard, answeredMs: NOW_MS - 5_000 } }),
      ).toBe("watching");
    });

    it("is released 30 s after that in the minute", () => {
      const deafFor = (ms: number) =>
        heldLong({
          sinceMs: NOW_MS - 50_000,
          deafSinceMs: NOW_MS - ms,
          heard: { listeningSinceMs: undefined },
        });

      expect(deafFor(29_999)).toBe("held");
      expect(deafFor(30_000)).toBe("watching");
    });

    it.each([
      { why: "cannot listen", listeningSinceMs: undefined },
      { why: "is flooded again and again", listeningSinceMs: NOW_MS - 10 },
    ])("is released 34 s after the last answer, though it $why", ({ listeningSinceMs }) => {
      const answered = (ms: number) =>
        heldLong({
          deafSinceMs: NOW_MS - 10,
          heard: { listeningSinceMs, formerOwner, answeredMs: NOW_MS - ms },
        });

      expect(answered(33_999)).toBe("held");
      expect(answered(34_000)).toBe("watching");
    });
  });

  it("is released after 30 s if it cannot listen", () => {
    const deaf = { ...held, heard: { listeningSinceMs: undefined } };

    expect(step({ ...deaf, sinceMs: NOW_MS - 29_000 }).phase).toBe("held");
    expect(step({ ...deaf, sinceMs: NOW_MS - 30_100 }).phase).toBe("watching");
  });

  it("takes no silence for the end of an owner while its listener may hang", () => {
    const heardUntil = (heardUntilMs: number | undefined) =>
      step({
        ...held,
        sinceMs: NOW_MS - 10_000,
        heard: { listeningSinceMs: NOW_MS - 60_000, heardUntilMs },
      });

    expect(heardUntil(undefined).phase).toBe("watching");
    expect(heardUntil(NOW_MS - 100).phase).toBe("watching");
    expect(heardUntil(NOW_MS - 9_900)).toMatchObject({ phase: "held", recheckMs: 60 });
  });

  it("keeps the election interval until the new group has an owner", () => {
    const silent = {
      from: IN_ELECTION,
      sinceMs: NOW_MS - 10_000,
      heard: { listeningSinceMs: NOW_MS - 60_000 },
    };

    expect(step({ ...silent, isHeld: true })).toEqual({
      instance: IN_ELECTION,
      phase: "waiting",
      recheckMs: 1_000,
    });
    expect(step({ ...silent, isOwner: true })).toMatchObject({ instance: NEW_VRID, phase: "watching" });
    expect(step({ ...silent, heard: { ...silent.heard, newOwnerMs: NOW_MS } }).instance).toEqual(NEW_VRID);
  });
});

describe("a host that has changed and is not held back", () => {
  const watching = { from: NEW_VRID, isOwner: true, sinceMs: NOW_MS - 20_000 };
  const late = {
    listeningSinceMs: NOW_MS - 20_000,
    formerOwner: { atMs: NOW_MS - 10, source: "198.51.100.13", intervalMs: 200 },
  };

  it("listens for a minute for a late host, and is held back while that one owns the VIPs", () => {
    const contested = step({ ...watching, heard: late });

    expect(contested).toMatchObject({ instance: NEW_VRID, phase: "held" });
    expect(contested).toHaveProperty("reason", expect.stringContaining("198.51.100.13"));
  });

  it("is held back by a late host even after it heard an owner of the new group", () => {
    expect(step({ ...watching, heard: { ...late, newOwnerMs: NOW_MS - 15_000 } }).phase).toBe("held");
  });

  it.each([
    { why: "adverts alone", answeredMs: undefined, phase: "watching" },
    { why: "an answer of a while ago", answeredMs: NOW_MS - 5_000, phase: "watching" },
    { why: "adverts and an answer", answeredMs: NOW_MS - 1_000, phase: "held" },
  ])("after that minute believes a late host by $why: $phase", ({ answeredMs, phase }) => {
    const heard = { ...late, ...(answeredMs === undefined ? {} : { answeredMs }) };

    expect(step({ ...watching, sinceMs: NOW_MS - 60_000, heard }).phase).toBe(phase);
  });

  it("goes by VRRP alone after a day, whatever it hears, and says whose adverts it ignores", () => {
    const heard = { ...late, answeredMs: NOW_MS - 10 };
    const held = { ...watching, isHeld: true, heard };

    expect(step({ ...held, sinceMs: NOW_MS - LONGEST_HOLD_MS + 1 })).toMatchObject({
      phase: "held",
      recheckMs: 1,
    });
    expect(step({ ...held, sinceMs: NOW_MS - LONGEST_HOLD_MS })).toEqual({
      instance: NEW_VRID,
      phase: "done",
      ignored: late.formerOwner,
    });
  });

  it("names another setting as such when the hosts had the time to change", () => {
    const difference = {
      cause: "transport",
      text: "they are sent by multicast, this host uses unicast",
    } as const;
    const heard = { ...late, formerOwner: { ...late.formerOwner, difference } };
    const reasonAfter = (ms: number) => {
      const decided = step({ ...watching, sinceMs: NOW_MS - ms, heard });
      return decided.phase === "held" ? decided.reason : decided.phase;
    };

    expect(reasonAfter(10_000)).toBe(
      "the group changes, and 198.51.100.13 owns its VIPs as before. Its adverts differ: they are sent by multicast, this host uses unicast",
    );
    expect(reasonAfter(30_000)).toBe(
      "198.51.100.13 owns the VIPs with other settings. Its adverts differ: they are sent by multicast, this host uses unicast. Set UNICAST to the same value on both hosts.",
    );
  });

  it("listens for a day for a host that stayed for longer than a change takes, and may be stuck", () => {
    const phaseAfter = (ms: number, heardMs: number) => {
      const sinceMs = NOW_MS - ms;
      const formerOwner = { ...late.formerOwner, atMs: sinceMs + heardMs };
      return step({ ...watching, sinceMs, heard: { ...late, formerOwner } }).phase;
    };

    expect(phaseAfter(WATCH_MS, 29_999)).toBe("done");
    expect(phaseAfter(WATCH_MS, 30_000)).toBe("watching");
    expect(phaseAfter(LONGEST_HOLD_MS - 1, 30_000)).toBe("watching");
    expect(phaseAfter(LONGEST_HOLD_MS, 30_000)).toBe("done");
  });

  it("looks soon whether a host that it ignores is silent, to ask at once when that comes back", () => {
    expect(step({ ...watching, sinceMs: NOW_MS - WATCH_MS, heard: late })).toMatchObject({
      phase: "watching",
      recheckMs: 1_000,
      ignored: late.formerOwner,
    });
  });

  it("counts the interval that a late host names, if that is longer than its own", () => {
    const formerOwner = { atMs: NOW_MS - 8_000, source: "198.51.100.13", intervalMs: 3_000 };

    expect(step({ ...watching, heard: { ...late, formerOwner } }).phase).toBe("held");
  });

  it("is done after that minute", () => {
    expect(step({ ...watching, sinceMs: NOW_MS - 60_000 })).toEqual({ instance: NEW_VRID, phase: "done" });
  });
});

it("is done when the change is taken back before any step", () => {
  expect(step({ to: FROM, isOwner: true, sinceMs: NOW_MS - 60_000 })).toEqual({
    instance: FROM,
    phase: "done",
  });
});
