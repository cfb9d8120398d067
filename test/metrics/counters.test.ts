import { expect, it } from "vitest";
import { type Counts, countChanges, NO_COUNTS } from "../../src/metrics/counters.ts";
import type { Status, StatusProblem } from "../../src/status/status.ts";
import { AT, LATER, OWNED, WELL } from "../fixtures/status.ts";

const EMPTY: Status = { ...WELL, instances: [], keepalived: { isRunning: false, pid: undefined } };

function countsOf(...statuses: Status[]): Counts {
  let counts = NO_COUNTS;
  let before = EMPTY;
  for (const status of statuses) {
    counts = countChanges(counts, before, status);
    before = status;
  }
  return counts;
}

function inState(state: string, since = AT, name = "main"): Status {
  return { ...WELL, instances: [{ ...OWNED, name, state, since }] };
}

function refused(code: StatusProblem["code"], message: string): Status {
  return { ...WELL, problems: [{ part: "configuration", code, message, hint: undefined, since: AT }] };
}

it.each([
  { why: "nothing", statuses: [EMPTY, EMPTY], want: {} },
  { why: "the first state of a group", statuses: [inState("BACKUP")], want: { BACKUP: 1 } },
  { why: "no state that is not known", statuses: [inState("UNKNOWN")], want: {} },
  { why: "a state once, however long it lasts", statuses: [WELL, WELL, { ...WELL }], want: { MASTER: 1 } },
  {
    why: "each way there and back",
    statuses: [inState("BACKUP"), inState("MASTER"), inState("BACKUP"), inState("MASTER")],
    want: { BACKUP: 2, MASTER: 2 },
  },
  {
    why: "a state that was left and entered again between two statuses",
    statuses: [inState("BACKUP", AT), inState("BACKUP", LATER)],
    want: { BACKUP: 2 },
  },
])("counts $why", ({ statuses, want }) => {
  const counts = countsOf(...statuses).transitions.map(({ state, count }) => [state, count]);

  expect(Object.fromEntries(counts)).toEqual(want);
});

it("counts each group by itself", () => {
  const both = { ...WELL, instances: [OWNED, { ...OWNED, name: "web" }] };

  expect(countsOf(both, both).transitions).toEqual([
    { group: "main", state: "MASTER", count: 1 },
    { group: "web", state: "MASTER", count: 1 },
  ]);
});

it("counts no group that is gone, however many there were", () => {
  const renamed = Array.from({ length: 30 }, (_, index) => inState("MASTER", AT, `group-${index}`));
  const named = renamed.map((status) => ({ ...status, health: [] }));

  expect(countsOf(...named).transitions).toEqual([{ group: "group-29", state: "MASTER", count: 1 }]);
});

it("keeps its counts while keepalived has not confirmed its configuration yet", () => {
  expect(countsOf(WELL, EMPTY).transitions).toEqual([{ group: "main", state: "MASTER", count: 1 }]);
});

it("counts a rejected candidate once, however long the problem lasts", () => {
  const first = refused("CONF_REJECTED", "line 1");
  const other = refused("CONF_UNEXPECTED", "no unicast_peer");

  expect(countsOf(first, { ...first }, WELL, first, other).rejections).toBe(3);
  expect(countsOf(refused("TEMPLATE_BROKEN", "line 1")).rejections).toBe(0);
});

it("counts each end of keepalived, also where the next one ran at the next status, and no reload", () => {
  const running = (pid: number): Status => ({ ...WELL, keepalived: { isRunning: true, pid } });
  const stopped: Status = { ...WELL, keepalived: { isRunning: false, pid: undefined } };

  expect(countsOf(running(8), running(8), stopped, stopped, running(9), running(10)).exits).toBe(2);
});

it("is the same object where nothing happened", () => {
  const counts = countsOf(WELL);

  expect(countChanges(counts, WELL, { ...WELL, health: [] })).toBe(counts);
});
