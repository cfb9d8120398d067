/** Instants as the agent writes them, ISO 8601 in UTC (`2026-11-22T03:14:07.250Z`), without a clock. */

const INSTANT = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?Z?)?$/;
const DAY_MS = 86_400_000;

/** ms since 1970, or undefined for what is no instant; a date alone is its midnight. */
export function instantMs(text: string): number | undefined {
  const match = INSTANT.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const ms = Number((match[7] ?? "0").padEnd(3, "0"));
  return daysSince1970(year, month, day) * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1_000 + ms;
}

/** ms between two instants; 0 where one is none. */
export function elapsedMs(from: string, to: string): number {
  return (instantMs(to) ?? 0) - (instantMs(from) ?? instantMs(to) ?? 0);
}

/** `03:14:07` */
export function timeOfDay(instant: string): string {
  return instant.slice(11, 19);
}

/** `0.8 s`, `42 s`, `3 min`, `5 h`, `2 d`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

const AGO = /^(\d{1,6})\s*(s|m|min|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: DAY_MS,
};

/** What `parseSince` takes. */
export const SINCE_WORDS = "30s, 15m, 1h, 2d or an ISO 8601 time";

/** `1h` before now, or an instant, as ms since 1970; undefined for anything else. */
export function parseSince(text: string, nowMs: number): number | undefined {
  const [, count, unit = ""] = AGO.exec(text) ?? [];
  return count === undefined ? instantMs(text) : nowMs - Number(count) * (UNIT_MS[unit] ?? 0);
}

/** The Gregorian calendar, with years that begin in March: so the leap day is a year's last. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return 365 * y + leapDays + dayOfYear - 719_468;
}
