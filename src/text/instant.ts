/**
 * Instants as the agent writes them: ISO 8601 in UTC (`2026-11-22T03:14:07.250Z`), and what is derived from them. This is
 * the one pure file that may use `Date`, for its calendar: nothing here reads the clock.
 */

const INSTANT = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?Z?)?$/;

/** Milliseconds since 1970. A date alone is its midnight; undefined for text that is no instant, such as February 30. */
export function instantMs(text: string): number | undefined {
  const [, date, minute = "00:00", second = "00", fraction = ""] = INSTANT.exec(text) ?? [];
  const complete = `${date}T${minute}:${second}.${fraction.padEnd(3, "0")}Z`;
  const ms = Date.parse(complete);
  // Date.parse takes February 30 for March 2
  return Number.isNaN(ms) || new Date(ms).toISOString() !== complete ? undefined : ms;
}

/** Milliseconds from one instant to another; 0 if either text is no instant. */
export function elapsedMs(from: string, to: string): number {
  const [fromMs, toMs] = [instantMs(from), instantMs(to)];
  return fromMs === undefined || toMs === undefined ? 0 : toMs - fromMs;
}

/** `03:14:07` */
export function timeOfDay(instant: string): string {
  return instant.slice(11, 19);
}

/** `03:14:07.250` */
export function preciseTimeOfDay(instant: string): string {
  return instant.slice(11, 23);
}

/** The instant of a time in ms since 1970. */
export function instantAt(ms: number): string {
  return new Date(ms).toISOString();
}

/** `0.8 s`, `42 s`, `3 min`, `5 h`, `2 d`; a negative duration is `0.0 s`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** As `durationText`, but `12 ms` below a second. */
export function preciseDurationText(ms: number): string {
  return ms < 1_000 ? `${Math.max(0, Math.round(ms))} ms` : durationText(ms);
}

/** The instant that is so many ms before another one; the same text where it is no instant. */
export function instantBefore(instant: string, ms: number): string {
  const at = instantMs(instant);
  return at === undefined ? instant : new Date(at - ms).toISOString();
}
