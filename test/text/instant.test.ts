import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elapsedMs, instantBefore, instantMs, timeOfDay } from "../../src/text/instant.ts";

const AT = "2026-11-22T03:14:07.250Z";

/** Days that follow on each other in the Gregorian calendar, counted without `Date`. */
function isDay(year: number, month: number, day: number): boolean {
  const isLeapYear = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days;
}

const pad = (value: number, digits = 2) => String(value).padStart(digits, "0");

describe("an instant", () => {
  it("is the one of the platform's clock", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true }), (date) => {
        expect(instantMs(date.toISOString())).toBe(date.getTime());
      }),
    );
  });

  it("may have any year of four digits", () => {
    const [min, max] = [new Date("0000-01-01"), new Date("9999-12-31T23:59:59.999Z")];
    fc.assert(
      fc.property(fc.date({ min, max, noInvalidDate: true }), (date) => {
        expect(instantMs(date.toISOString())).toBe(date.getTime());
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    { text: "2026-11-22", want: "2026-11-22T00:00:00.000Z" },
    { text: "2026-11-22T03:14", want: "2026-11-22T03:14:00.000Z" },
    { text: "2026-11-22T03:14Z", want: "2026-11-22T03:14:00.000Z" },
    { text: "2026-11-22T03:14:07", want: "2026-11-22T03:14:07.000Z" },
    { text: "2026-11-22T03:14:07.2Z", want: "2026-11-22T03:14:07.200Z" },
    { text: "2026-11-22T03:14:07.25", want: "2026-11-22T03:14:07.250Z" },
    { text: "2028-02-29", want: "2028-02-29T00:00:00.000Z" },
    { text: "2000-02-29", want: "2000-02-29T00:00:00.000Z" },
  ])("may be short: $text is $want", ({ text, want }) => {
    expect(instantMs(text)).toBe(Date.parse(want));
  });

  it.each([
    "2026-02-30",
    "2026-02-29",
    "1900-02-29",
    "2026-04-31T12:00",
    "2026-00-10",
    "2026-13-01",
    "2026-01-00",
    "2026-01-32",
    "2026-11-22T25:00",
    "2026-11-22T24:00",
    "2026-11-22T03:60",
    "2026-11-22T03:14:60Z",
    "2026-11-22T03:14:07.2500Z",
    "2026-11-22T03:14:07+01:00",
    "2026-11-22 03:14",
    "+002026-11-22",
    "26-11-22",
    "22 Nov 2026",
    "now",
    "",
  ])("is not %j", (text) => {
    expect(instantMs(text)).toBeUndefined();
  });

  it("is refused exactly where the calendar has no such day or the day no such time", () => {
    const part = fc.record({
      year: fc.integer({ min: 0, max: 9_999 }),
      month: fc.integer({ min: 0, max: 14 }),
      day: fc.integer({ min: 0, max: 33 }),
      hour: fc.integer({ min: 0, max: 26 }),
      minute: fc.integer({ min: 0, max: 62 }),
      second: fc.integer({ min: 0, max: 62 }),
    });
    fc.assert(
      fc.property(part, ({ year, month, day, hour, minute, second }) => {
        const text = `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}Z`;
        const isValid = isDay(year, month, day) && hour < 24 && minute < 60 && second < 60;
        const ms = instantMs(text);
        expect(ms !== undefined, text).toBe(isValid);
        if (ms !== undefined) expect(new Date(ms).toISOString()).toBe(text.replace("Z", ".000Z"));
      }),
      { numRuns: 2_000 },
    );
  });

  it("has a time of day", () => {
    expect(timeOfDay(AT)).toBe("03:14:07");
  });
});

describe("elapsedMs", () => {
  it.each([
    { from: AT, to: "2026-11-22T03:14:09Z", want: 1_750 },
    { from: "2026-11-22T03:14:09Z", to: AT, want: -1_750 },
    { from: "long ago", to: AT, want: 0 },
    { from: AT, to: "soon", want: 0 },
  ])("from $from to $to is $want", ({ from, to, want }) => {
    expect(elapsedMs(from, to)).toBe(want);
  });
});

it("tells the instant before another one", () => {
  expect(instantBefore("2026-11-22T03:14:07.250Z", 20_250)).toBe("2026-11-22T03:13:47.000Z");
  expect(instantBefore("soon", 20_250)).toBe("soon");
});
