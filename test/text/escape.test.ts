import { expect, it } from "vitest";
import { parseEscaped } from "../../src/text/escape.ts";

it("escapes what would draw on a terminal, in every text of the line", () => {
  const line = { level: 50, msg: "problem found", reason: "\u001b[2J\u009b31m", peers: ["\u202ex"] };

  expect(parseEscaped(JSON.stringify(line))).toEqual({
    level: 50,
    msg: "problem found",
    reason: "\\u001b[2J\\u009b31m",
    peers: ["\\u202ex"],
  });
});

it("keeps the lines of a stack trace", () => {
  const err = { type: "Error", message: "x\u0007", stack: "Error: x\u0007\n    at y" };

  expect(parseEscaped(JSON.stringify({ err }))).toEqual({
    err: { type: "Error", message: "x\\u0007", stack: "Error: x\\u0007\n    at y" },
  });
});
