import { expect, it } from "vitest";
import { isStopped, parseProcessStat } from "../../src/system/process-stat.ts";

/** Of a kernel 6.18, up to the fields that are read. */
const AFTER_NAME = "1 30 30 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 987654 5000000 300";

it.each([
  { why: "one that sleeps", text: `30 (keepalived) S ${AFTER_NAME}`, state: "S" },
  { why: "one that a signal stopped", text: `30 (keepalived) T ${AFTER_NAME}`, state: "T" },
  { why: "a name that looks like the rest", text: `30 (a) S (b c) t ${AFTER_NAME}`, state: "t" },
])("reads $why", ({ text, state }) => {
  expect(parseProcessStat(text)).toEqual({ state, startTicks: "987654" });
});

it.each(["", "30 (keepalived)", "nonsense"])("finds no process in %j", (text) => {
  expect(parseProcessStat(text)).toBeUndefined();
});

it.each([
  { text: `30 (keepalived) S ${AFTER_NAME}`, want: false },
  { text: `30 (keepalived) T ${AFTER_NAME}`, want: true },
  { text: `30 (a) T (b) t ${AFTER_NAME}`, want: true },
  { text: `30 (a) T (b) R ${AFTER_NAME}`, want: false },
  { text: "", want: false },
])("tells whether a process was stopped: $text", ({ text, want }) => {
  expect(isStopped(text)).toBe(want);
});
