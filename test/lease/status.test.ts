import { expect, it } from "vitest";
import { deriveLeaseStatus, type Renewer } from "../../src/lease/status.ts";

const running = (refusals: [number, string | undefined][], mayAdopt = true): Renewer => ({
  phase: "running",
  refusals: new Map(refusals),
  mayAdopt,
});
const ABLE: [number, undefined][] = [
  [2, undefined],
  [10, undefined],
];

it.each<{ what: string; families: number[]; renewer: Renewer; state: string; reason?: string }>([
  { what: "the listener has not started", families: [2], renewer: { phase: "starting" }, state: "starting" },
  { what: "the kernel has not been tried", families: [2], renewer: running([]), state: "starting" },
  {
    what: "one family has not been tried",
    families: [2, 10],
    renewer: running([[2, undefined]]),
    state: "starting",
  },
  { what: "there is no VIP yet", families: [], renewer: running([]), state: "starting" },
  { what: "each family can be renewed", families: [2, 10], renewer: running(ABLE), state: "renewed" },
  {
    what: "the kernel refuses a family",
    families: [2, 10],
    renewer: running([
      [2, undefined],
      [10, "too old"],
    ]),
    state: "unavailable",
    reason: "too old",
  },
  {
    what: "it refuses a family without a VIP",
    families: [2],
    renewer: running([
      [2, undefined],
      [10, "too old"],
    ]),
    state: "renewed",
  },
  {
    what: "the listener does not run",
    families: [2],
    renewer: { phase: "ended" },
    state: "unavailable",
    reason: "the process that renews leases does not run",
  },
  {
    what: "the listener keeps ending",
    families: [2],
    renewer: running(ABLE, false),
    state: "unavailable",
    reason: "the process that renews leases ended several times within a minute",
  },
])("is $state where $what", ({ families, renewer, state, reason }) => {
  expect(deriveLeaseStatus(1, new Set(families), renewer)).toEqual({ seconds: 1, state, reason });
});
