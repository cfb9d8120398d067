import { expect, it } from "vitest";
import { type ConnectionAttempt, concludeProbe } from "../../src/health/connection-outcome.ts";

const well = { sample: "healthy", reason: "200 OK" } as const;
const bad = { sample: "unhealthy", reason: "connection refused" } as const;
const unclear = { sample: "unknown", reason: "not asked: EMFILE" } as const;
const late = { sample: "unhealthy", reason: "no answer within 500 ms" };
const unresolved = { sample: "unknown", reason: "name not resolved within 500 ms" };

it.each<{ what: string; attempt: Partial<ConnectionAttempt>; want: unknown }>([
  { what: "a good answer", attempt: { outcome: well }, want: well },
  {
    what: "a good third answer, at the last moment",
    attempt: { outcome: well, count: 3, isLate: true },
    want: well,
  },
  { what: "a first bad answer", attempt: { count: 1 }, want: undefined },
  { what: "a second bad answer", attempt: { count: 2 }, want: undefined },
  { what: "a third bad answer", attempt: { count: 3 }, want: bad },
  { what: "own trouble", attempt: { outcome: unclear }, want: unclear },
  { what: "a bad answer when time is over", attempt: { isLate: true }, want: late },
  { what: "no address when time is over", attempt: { isLate: true, isResolving: true }, want: unresolved },
  { what: "no address in an attempt that failed otherwise", attempt: { isResolving: true }, want: undefined },
])("after $what the look has come to $want.reason", ({ attempt, want }) => {
  const first = { outcome: bad, count: 1, isLate: false, isResolving: false, timeoutMs: 500 };

  expect(concludeProbe({ ...first, ...attempt })).toEqual(want);
});
