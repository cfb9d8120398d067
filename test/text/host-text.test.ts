import { expect, it } from "vitest";
import { hostText } from "../../src/text/host-text.ts";

it.each([
  { name: "node-2", more: undefined, want: "node-2 (192.0.2.12)" },
  { name: undefined, more: undefined, want: "192.0.2.12" },
  { name: "node-2", more: "02:00:00:00:00:12", want: "node-2 (192.0.2.12, 02:00:00:00:00:12)" },
  { name: undefined, more: "02:00:00:00:00:12", want: "192.0.2.12 (02:00:00:00:00:12)" },
])("a host is $want", ({ name, more, want }) => {
  expect(hostText("192.0.2.12", name, more)).toBe(want);
});
