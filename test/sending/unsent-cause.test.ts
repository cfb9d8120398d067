import { expect, it } from "vitest";
import { describeFullTable, explainUnsent } from "../../src/sending/unsent-cause.ts";

const EPERM = "Operation not permitted";
const facts = { error: EPERM, blocker: undefined, tracked: 10, trackedMax: 65_536 };

it.each([
  {
    facts: { ...facts, blocker: "the rule -A OUTPUT -j DROP" },
    want: "the rule -A OUTPUT -j DROP drops them",
  },
  {
    facts: { ...facts, tracked: 65_500 },
    want: "the table of tracked connections is full (net.netfilter.nf_conntrack_max)",
  },
  { facts, want: "a packet filter of this host drops them" },
  { facts: { ...facts, tracked: undefined }, want: "a packet filter of this host drops them" },
  {
    facts: { ...facts, error: "No buffer space available" },
    want: "the send queue of the interface is full",
  },
  { facts: { ...facts, error: "Network is unreachable" }, want: "Network is unreachable" },
])("$want", ({ facts: given, want }) => {
  expect(explainUnsent(given)).toBe(want);
});

it("calls a table full only where it is", () => {
  expect(describeFullTable(0, 0)).toBeUndefined();
  expect(describeFullTable(900, 1_000)).toBeUndefined();
  expect(describeFullTable(950, 1_000)).toContain("is full");
});
