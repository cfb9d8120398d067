import { expect, it } from "vitest";
import { judgeConnectionError } from "../../src/health/connection-outcome.ts";
import { timedOut } from "../../src/health/probe-outcome.ts";

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

it("reveals nothing of an error without a code", () => {
  const want = { sample: "unhealthy", reason: "connection failed" };
  expect(judgeConnectionError(new Error("http://host/?token=secret failed"))).toEqual(want);
  expect(judgeConnectionError("secret")).toEqual(want);
});

it("names the time that an answer had", () => {
  expect(timedOut(250)).toEqual({ sample: "unhealthy", reason: "no answer within 250 ms" });
});
