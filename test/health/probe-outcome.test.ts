import * as fc from "fast-check";
import { expect, it } from "vitest";
import { judgeConnectionError } from "../../src/health/connection-outcome.ts";
import { timedOut } from "../../src/health/probe-outcome.ts";
import { printableLine } from "../../src/text/escape.ts";

it.each([
  { text: "200 OK", want: "200 OK" },
  { text: "  two\r\nlines\t \n", want: "two lines" },
  { text: "\u001b[31mred\u001b[0m", want: "[31mred [0m" },
  { text: "größe ✓ 日本", want: "größe ✓ 日本" },
  { text: "left\u202eright", want: "left right" },
  { text: "", want: "" },
])("quotes $text as $want", ({ text, want }) => {
  expect(printableLine(text)).toBe(want);
});

it("cuts a long text between characters", () => {
  expect(printableLine("😀".repeat(500))).toBe(`${"😀".repeat(159)}…`);
  expect(printableLine("x".repeat(160))).toBe("x".repeat(160));
});

it("makes one short printable line of any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      const quoted = printableLine(text);
      expect(quoted).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect([...quoted].length).toBeLessThanOrEqual(160);
      expect(printableLine(quoted)).toBe(quoted);
    }),
  );
});

it.each([
  { code: "ECONNREFUSED", want: { sample: "unhealthy", reason: "connection refused" } },
  { code: "ECONNRESET", want: { sample: "unhealthy", reason: "connection reset" } },
  { code: "ENOTFOUND", want: { sample: "unhealthy", reason: "host name not found" } },
  { code: "EPROTO", want: { sample: "unhealthy", reason: "connection failed (EPROTO)" } },
  {
    code: "HPE_INVALID_CONSTANT",
    want: { sample: "unhealthy", reason: expect.stringContaining("not HTTP") },
  },
  { code: "EADDRNOTAVAIL", want: { sample: "unhealthy", reason: expect.any(String) } },
  { code: "EMFILE", want: { sample: "unknown", reason: "not asked: EMFILE" } },
  { code: "EAI_AGAIN", want: { sample: "unknown", reason: "not asked: EAI_AGAIN" } },
])("takes $code for $want.sample", ({ code, want }) => {
  const error = Object.assign(new Error("http://host/?token=secret failed"), { code });
  expect(judgeConnectionError(error)).toEqual(want);
});

it("tells nothing of an error without a code", () => {
  const want = { sample: "unhealthy", reason: "connection failed" };
  expect(judgeConnectionError(new Error("http://host/?token=secret failed"))).toEqual(want);
  expect(judgeConnectionError("secret")).toEqual(want);
});

it("names the time that an answer had", () => {
  expect(timedOut(250)).toEqual({ sample: "unhealthy", reason: "no answer within 250 ms" });
});
