import { describe, expect, it } from "vitest";
import { type Change, nextStep, PATIENCE_MS } from "../../src/planned-change/step.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const AT = 1_000_000;
const FORMER: Instance = INSTANCE;
const MOVED = from("198.51.100.61");

function from(source: string): Instance {
  return { ...INSTANCE, unicast: { source, peers: ["198.51.100.12", "198.51.100.13"], isAlone: false } };
}

/** The former source is gone, and keepalived has taken the new one. */
const CHANGE: Change = {
  from: MOVED,
  to: MOVED,
  formers: [FORMER],
  isMaster: false,
  isHeld: true,
  canStay: false,
  sinceMs: AT,
  heard: { listeningSinceMs: AT },
};

describe("a host whose source is gone", () => {
  it.each([true, false])("moves to another at once, held back (owner: %s)", (isMaster) => {
    const step = nextStep({ ...CHANGE, from: FORMER, isMaster, isHeld: false }, AT);

    expect(step).toMatchObject({ instance: MOVED, isOver: false });
    expect(step.hold).toBe("the other hosts may not know this host's new address yet");
  });

  it("does not take silence for the end of the others: they send to where it was", () => {
    const step = nextStep(CHANGE, AT + PATIENCE_MS - 1);

    expect(step).toMatchObject({ isOver: false, againMs: 1 });
    expect(step.hold).toBeDefined();
  });

  it("is let go as soon as an owner sends to the new one", () => {
    const heard = { ...CHANGE.heard, successorMs: AT + 300 };

    expect(nextStep({ ...CHANGE, heard }, AT + 301)).toEqual({ instance: MOVED, isOver: true });
  });

  it("is let go where nobody did for as long as hosts may take to hear of it", () => {
    expect(nextStep(CHANGE, AT + PATIENCE_MS)).toMatchObject({ instance: MOVED, isOver: true });
  });

  it("is not held back where it is alone", () => {
    const alone = (source: string) => ({
      ...from(source),
      unicast: { source, peers: [source], isAlone: true },
    });
    const [before, after] = [alone("198.51.100.11"), alone("198.51.100.61")];

    const step = nextStep({ ...CHANGE, from: before, to: after, formers: [before], isHeld: false }, AT);

    expect(step).toEqual({ instance: after, isOver: true });
  });
});
