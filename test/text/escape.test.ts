import * as fc from "fast-check";
import { expect, it } from "vitest";
import { escapeJson, parseEscaped, printableJson, printableLine } from "../../src/text/escape.ts";

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

it("escapes control characters in the names of fields, whatever they are", () => {
  const line = JSON.stringify({ orders: JSON.parse('{"x\u009b":1,"__proto__":2,"\u202e":3}') });

  expect(JSON.stringify(parseEscaped(line))).toBe('{"orders":{"x\\\\u009b":1,"__proto__":2,"\\\\u202e":3}}');
});

it("prints JSON that parses to the same value, without characters that control a terminal or move text", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (value, text) => {
      const hostile = { [text]: [value, text, "\u009b31m\u202e\u2066\u200f\u061c\u2028"] };
      const json = printableJson(hostile, 2);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(hostile)));
      expect(json.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(escapeJson(json)).toBe(json);
    }),
  );
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
