import * as fc from "fast-check";
import { expect, it } from "vitest";
import { parseEscaped, printableLine } from "../../src/text/escape.ts";

it("escapes control characters in every text of the line", () => {
  const line = { level: 50, msg: "problem found", reason: "\u001b[2J\u009b31m", peers: ["\u202ex"] };

  expect(parseEscaped(JSON.stringify(line))).toEqual({
    level: 50,
    msg: "problem found",
    reason: "\\u001b[2J\\u009b31m",
    peers: ["\\u202ex"],
  });
});

it("keeps the line breaks of a stack trace", () => {
  const err = { type: "Error", message: "x\u0007", stack: "Error: x\u0007\n    at y" };

  expect(parseEscaped(JSON.stringify({ err }))).toEqual({
    err: { type: "Error", message: "x\\u0007", stack: "Error: x\\u0007\n    at y" },
  });
});

it.each([
  { text: "200 OK", want: "200 OK" },
  { text: "  two\r\nlines\t \n", want: "two lines" },
  { text: "\u001b[31mred\u001b[0m", want: "[31mred [0m" },
  { text: "größe ✓ 日本", want: "größe ✓ 日本" },
  { text: "left\u202eright", want: "left right" },
  { text: "", want: "" },
])("makes $want of $text", ({ text, want }) => {
  expect(printableLine(text)).toBe(want);
});

it("cuts a long line between characters", () => {
  expect(printableLine("😀".repeat(500))).toBe(`${"😀".repeat(159)}…`);
  expect(printableLine("x".repeat(160))).toBe("x".repeat(160));
});

it("makes one short printable line of any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      const line = printableLine(text);
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect([...line].length).toBeLessThanOrEqual(160);
      expect(printableLine(line)).toBe(line);
    }),
  );
});
