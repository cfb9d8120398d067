import { describe, expect, it } from "vitest";
import { SINCE_FORMS, sinceMsOf } from "../../src/text/since.ts";

const NOW = "2026-11-22T14:30:10.500Z";
const nowMs = Date.parse(NOW);
const iso = (text: string) => {
  const ms = sinceMsOf(text, nowMs);
  return ms === undefined ? undefined : new Date(ms).toISOString();
};

describe("a time as people type it", () => {
  it.each([
    ["30s", "2026-11-22T14:29:40.500Z"],
    ["90 min", "2026-11-22T13:00:10.500Z"],
    ["1h30m", "2026-11-22T13:00:10.500Z"],
    ["1h 30m ago", "2026-11-22T13:00:10.500Z"],
    ["2d", "2026-11-20T14:30:10.500Z"],
    ["1w", "2026-11-15T14:30:10.500Z"],
    ["14:30", "2026-11-22T14:30:00.000Z"],
    ["14:30:10", "2026-11-22T14:30:10.000Z"],
    ["9:05", "2026-11-22T09:05:00.000Z"],
    // that time has not come today
    ["14:44", "2026-11-21T14:44:00.000Z"],
    ["today 14:44", "2026-11-22T14:44:00.000Z"],
    ["today", "2026-11-22T00:00:00.000Z"],
    ["yesterday", "2026-11-21T00:00:00.000Z"],
    [" yesterday 03:14 ", "2026-11-21T03:14:00.000Z"],
    ["2026-11-22 03:14", "2026-11-22T03:14:00.000Z"],
    ["2026-11-22 03:14:07.250", "2026-11-22T03:14:07.250Z"],
    ["2026-11-22T03:14Z", "2026-11-22T03:14:00.000Z"],
    ["2026-11-22", "2026-11-22T00:00:00.000Z"],
  ])("`%s` is %s", (text, want) => {
    expect(iso(text)).toBe(want);
  });

  it.each(["", "1", "ago", "h", "1y", "24:00", "14:60", "2026-02-30", "tomorrow", "yesterdayish", "1h-30m"])(
    "`%s` is none",
    (text) => {
      expect(iso(text)).toBeUndefined();
    },
  );

  it("has every form that the message names", () => {
    const forms = SINCE_FORMS.replace(/ or an ISO.*/, "").split(", ");

    expect(forms.length).toBeGreaterThan(3);
    for (const form of forms) expect(iso(form), form).toBeDefined();
  });
});
