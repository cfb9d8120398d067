/** A time as people type it, in UTC: a duration before now, a time of day, a day, or an instant. */
import { instantMs } from "./instant.ts";

const DURATION = /^(?:\d{1,6}\s*(?:s|min|m|h|d|w)\s*)+(?:ago)?$/;
const DURATION_PART = /(\d{1,6})\s*(s|min|m|h|d|w)/g;
const DAY_MS = 86_400_000;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: DAY_MS,
  w: 7 * DAY_MS,
};

/** `yesterday`, `today 9:05`, `14:44:07` */
const TIME_OF_DAY = /^(?:(today|yesterday)\b)?\s*(?:(\d{1,2}):(\d\d)(?::(\d\d))?)?$/;

/** The forms that `sinceMsOf` accepts, for messages. */
export const SINCE_FORMS = "1h30m, 2d, 14:44, yesterday, 2026-11-22 03:14 or an ISO 8601 time, in UTC";

/**
 * Milliseconds since 1970; undefined for text that is no time. A time of day is the last one that has been, unless a day is
 * given. A day alone is its midnight.
 */
export function sinceMsOf(typed: string, nowMs: number): number | undefined {
  const text = typed.trim();
  if (DURATION.test(text)) {
    const parts = [...text.matchAll(DURATION_PART)];
    return parts.reduce((ms, [, count, unit = ""]) => ms - Number(count) * (UNIT_MS[unit] ?? 0), nowMs);
  }
  return timeOfDayMs(text, nowMs) ?? instantMs(text.replace(/ +/, "T"));
}

function timeOfDayMs(text: string, nowMs: number): number | undefined {
  const [, day, hour, minute = "0", second = "0"] = TIME_OF_DAY.exec(text) ?? [];
  if (day === undefined && hour === undefined) return undefined;
  const [hours, minutes, seconds] = [Number(hour ?? 0), Number(minute), Number(second)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const midnightMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const todayMs = midnightMs + ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  const isEarlier = day === "yesterday" || (day === undefined && todayMs > nowMs);
  return isEarlier ? todayMs - DAY_MS : todayMs;
}
