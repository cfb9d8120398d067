import { expect, it } from "vitest";
import { createChangeHolds, type StagedHolds } from "../../src/agent/change-holds.ts";
import { forElection } from "../../src/planned-change/step.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const FORMER: Instance = INSTANCE;
const NEXT: Instance = { ...INSTANCE, virtualRouterId: 51, vrrpVersion: 2, advertIntervalSeconds: 1 };
const HELD = "held";

/** The reason for which the group is held back, after each act. */
function stage(
  inForce: readonly Instance[],
  reason: string | undefined,
  acts: readonly ((holds: StagedHolds) => void)[],
  before?: string,
): (string | undefined)[] {
  let current: string | undefined;
  const holds = createChangeHolds((_, now) => {
    current = now;
  });
  holds.stage([FORMER], new Map([["main", before]]), [FORMER]);
  const staged = holds.stage([NEXT], new Map([["main", reason]]), inForce);
  const course = [current];
  for (const act of acts) {
    act(staged);
    course.push(current);
  }
  return course;
}

const begin = (holds: StagedHolds) => holds.begin();
const complete = (holds: StagedHolds) => holds.complete();
const withdrawTo = (instance: Instance) => (holds: StagedHolds) => holds.withdraw([instance]);

it("begins when the new group is accepted", () => {
  expect(stage([FORMER], HELD, [begin, complete])).toEqual([undefined, HELD, HELD]);
});

it("ends when the new group runs", () => {
  expect(stage([FORMER], undefined, [begin, complete], HELD)).toEqual([HELD, HELD, undefined]);
});

it("begins and ends at once for a group that runs already", () => {
  expect(stage([NEXT], HELD, [])).toEqual([HELD]);
  expect(stage([NEXT], undefined, [], HELD)).toEqual([undefined]);
});

it("begins at once in an election, and does not end before it", () => {
  expect(stage([forElection(NEXT)], HELD, [])).toEqual([HELD]);
  expect(stage([forElection(NEXT)], undefined, [begin, complete], HELD)).toEqual([HELD, HELD, undefined]);
});

it("begins at once where keepalived does not run", () => {
  expect(stage([], HELD, [])).toEqual([HELD]);
});

it("is as before where the new group failed and the former one runs", () => {
  expect(stage([FORMER], HELD, [begin, withdrawTo(FORMER)])).toEqual([undefined, HELD, undefined]);
  expect(stage([FORMER], HELD, [begin, withdrawTo(FORMER)], "earlier")).toEqual(["earlier", HELD, "earlier"]);
});

it("stays where it is not known what keepalived runs", () => {
  expect(stage([FORMER], HELD, [begin, withdrawTo(NEXT)])).toEqual([undefined, HELD, HELD]);
});
