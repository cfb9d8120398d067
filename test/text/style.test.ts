import { expect, it } from "vitest";
import { COLOURED, PLAIN, wantsColours } from "../../src/text/style.ts";

it.each([
  { env: {}, isTerminal: true, want: true },
  { env: {}, isTerminal: false, want: false },
  { env: { TERM: "dumb" }, isTerminal: true, want: false },
  { env: { NO_COLOR: "1" }, isTerminal: true, want: false },
  { env: { NO_COLOR: "" }, isTerminal: true, want: true },
  { env: { FORCE_COLOR: "1" }, isTerminal: false, want: true },
  { env: { FORCE_COLOR: "3", TERM: "dumb" }, isTerminal: false, want: true },
  { env: { FORCE_COLOR: "3", NO_COLOR: "1" }, isTerminal: true, want: false },
  { env: { FORCE_COLOR: "1", NO_COLOR: "1" }, isTerminal: false, want: false },
  { env: { FORCE_COLOR: "0" }, isTerminal: true, want: false },
  { env: { FORCE_COLOR: "false" }, isTerminal: true, want: false },
  { env: { FORCE_COLOR: "" }, isTerminal: true, want: true },
])("with $env on a terminal $isTerminal, colours are $want", ({ env, isTerminal, want }) => {
  expect(wantsColours(env, isTerminal)).toBe(want);
});

it("colours change how text looks, and no colours change nothing", () => {
  expect(COLOURED("bad", "x")).toBe("\u001b[31mx\u001b[0m");
  expect(PLAIN("bad", "x")).toBe("x");
});
