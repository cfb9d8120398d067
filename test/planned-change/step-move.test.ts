import { describe, expect, it } from "vitest";
import type { ChangeState } from "../../src/planned-change/change-state.ts";
import { nextStep } from "../../src/planned-change/step.ts";
import { PROPAGATION_MS } from "../../src/planned-change/waits.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const AT = 1_000_000;
const FORMER: Instance = INSTANCE;
const MOVED = from("198.51.100.61");

function from(source: string): Instance {
  return { ...INSTANCE, unicast: { source, peers: ["198.51.100.12", "198.51.100.13"], isAlone: false } };
}

/** The former source is gone, and keepalived has taken the new one. */
const CHANGE: ChangeState = {
  from: MOVED,
  to: MOVED,
  formerGroups: [FORMER],
  isOwner: false,
  isHeld: true,
  canStay: false,
  sinceMs: AT,
  sourceSinceMs: AT,
  ownAddresses: new Set(["198.51.100.61"]),
  heard: { listeningSinceMs: AT },
};

describe("a host whose source is gone", () => {
  it.each([true, false])("takes another source at once and is held back (owner: %s)", (isOwner) => {
    const step = nextStep({ ...CHANGE, from: FORMER, isOwner, isHeld: false }, AT);

    expect(step).toMatchObject({ instance: MOVED, phase: "held" });
    expect(step).toHaveProperty("reason", "the other hosts may not know this host's new address yet");
  });

  it("holds no election, whatever else changes: another host owns by then", () => {
    const from = { ...FORMER, vrrpVersion: 2 as const, advertIntervalSeconds: 1 };

    const step = nextStep({ ...CHANGE, from, formerGroups: [from], isOwner: true, isHeld: false }, AT);

    expect(step).toMatchObject({ instance: MOVED, phase: "held" });
  });

  it("does not take silence for the absence of an owner: the others send to its former source", () => {
    const step = nextStep(CHANGE, AT + PROPAGATION_MS - 1);

    expect(step).toMatchObject({ phase: "held", recheckMs: 1 });
    expect(step).toHaveProperty("reason");
  });

  it.each([
    { also: "its interface was renamed a moment before", former: { ...FORMER, interface: "br-ex" } },
    { also: "the VRID changes as well", former: { ...FORMER, virtualRouterId: 49 } },
  ])("waits as long where $also", ({ former }) => {
    const change = { ...CHANGE, formerGroups: [former, FORMER] };

    expect(nextStep(change, AT + PROPAGATION_MS - 1)).toEqual({
      instance: MOVED,
      phase: "held",
      reason: "the other hosts may not know this host's new address yet",
      recheckMs: 1,
    });
    expect(nextStep(change, AT + PROPAGATION_MS)).toMatchObject({ instance: MOVED, phase: "watching" });
  });

  it("says so, too, when the former owner has released the VIPs", () => {
    const formerOwner = { atMs: AT + 500, source: "198.51.100.12", intervalMs: 200 };
    const reason = (heard: Partial<ChangeState["heard"]>) => {
      const decided = nextStep(
        {
          ...CHANGE,
          formerGroups: [{ ...FORMER, virtualRouterId: 49 }],
          heard: { ...CHANGE.heard, ...heard },
        },
        AT + 600,
      );
      return decided.phase === "held" ? decided.reason : decided.phase;
    };

    expect(reason({ formerOwner })).toContain("198.51.100.12 owns its VIPs as before");
    expect(reason({ formerOwner, releasedMs: AT + 550 })).toBe(
      "the other hosts may not know this host's new address yet",
    );
  });

  it("hears an owner at its former source where it still has that on the interface of before", () => {
    const formerGroups = [{ ...FORMER, interface: "eth1" }];
    const kept = { ...CHANGE, formerGroups, ownAddresses: new Set(["198.51.100.11", "198.51.100.61"]) };

    expect(nextStep(kept, AT + 900)).toMatchObject({ phase: "watching" });
    expect(nextStep({ ...CHANGE, formerGroups }, AT + 900)).toMatchObject({ phase: "held" });
  });

  it("is not held back by a later change, once the others had the time to learn of its address", () => {
    const change = { ...CHANGE, formerGroups: [FORMER, { ...MOVED, virtualRouterId: 49 }] };
    const later = AT + PROPAGATION_MS;

    const heard = { listeningSinceMs: later };
    expect(nextStep({ ...change, sinceMs: later, heard }, later + 900)).toMatchObject({ phase: "watching" });
  });

  it("is released as soon as an owner sends to the new source", () => {
    const heard = { ...CHANGE.heard, newOwnerMs: AT + 300 };

    expect(nextStep({ ...CHANGE, heard }, AT + 301)).toEqual({ instance: MOVED, phase: "done" });
  });

  it("is released without that when all hosts had the time to learn of it", () => {
    expect(nextStep(CHANGE, AT + PROPAGATION_MS)).toMatchObject({ instance: MOVED, phase: "done" });
  });

  it("is not held back when it is alone", () => {
    const alone = (source: string) => ({
      ...from(source),
      unicast: { source, peers: [source], isAlone: true },
    });
    const [before, after] = [alone("198.51.100.11"), alone("198.51.100.61")];

    const step = nextStep({ ...CHANGE, from: before, to: after, formerGroups: [before], isHeld: false }, AT);

    expect(step).toEqual({ instance: after, phase: "done" });
  });
});
