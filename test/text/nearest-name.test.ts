import { expect, it } from "vitest";
import { nearestName } from "../../src/text/nearest-name.ts";

const KNOWN = ["interface", "priority", "address", "drain", "check.rise"];

it.each([
  { why: "a letter too few", name: "priorty", want: "priority" },
  { why: "a letter too many", name: "drainn", want: "drain" },
  { why: "another letter", name: "adress", want: "address" },
  { why: "two letters swapped", name: "interfcae", want: "interface" },
  { why: "two letters swapped in a short name", name: "darin", want: "drain" },
  { why: "several edits in a long name", name: "check_rose", want: "check.rise" },
  { why: "another word", name: "quorum", want: undefined },
  { why: "nothing", name: "", want: undefined },
  { why: "more than a third wrong", name: "drxyn", want: undefined },
  { why: "a name that is too long to compare", name: "drain".padEnd(100, "n"), want: undefined },
])("for $why, $name, the nearest name is $want", ({ name, want }) => {
  expect(nearestName(name, KNOWN)).toBe(want);
});

it("prefers the name with the fewest edits over one that comes first", () => {
  expect(nearestName("check_fall", ["check_rall", "check.ports", "check_fall"])).toBe("check_fall");
});
