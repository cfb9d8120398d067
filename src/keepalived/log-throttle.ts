/**
 * Limits how often keepalived's complaints are logged, and keeps the last ones to be quoted when something fails.
 * keepalived repeats some complaints with every advert, five times a second.
 */
import type { LogLine } from "./log-line.ts";
import type { LogLevel } from "./log-meaning.ts";

/** The same complaint is logged once in this time. */
const REPEAT_MS = 60_000;
/**
 * At most this many complaints of one kind are logged in that time: forged adverts can each come from a new address.
 */
const MAX_OF_A_KIND = 20;

/** keepalived gives its reasons in the last few lines. */
const COMPLAINTS_KEPT = 8;

export interface ThrottledLine {
  readonly level: LogLevel;
  readonly fields: Readonly<Record<string, string | number>>;
}

export class LogThrottle {
  readonly #countRepeats = limitRepeats(REPEAT_MS);
  readonly #isRoomFor = limitCount(MAX_OF_A_KIND, REPEAT_MS);
  #complaints: readonly string[] = [];

  /** The last complaints, oldest first, since they were last forgotten. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  /** Called before a new operation, so that its failure is not explained with earlier complaints. */
  forgetComplaints(): void {
    this.#complaints = [];
  }

  /**
   * The field `repeats` counts the repeats that were logged at debug since the complaint was last logged at its
   * level.
   */
  throttle({ level, kind, instance, text }: LogLine, nowMs: number): ThrottledLine {
    const fields = instance === undefined ? { line: text } : { instance, line: text };
    if (level !== "warn" && level !== "error") return { level, fields };
    this.#complaints = [...this.#complaints, text].slice(-COMPLAINTS_KEPT);
    const repeats = this.#countRepeats(text, nowMs);
    if (repeats === undefined || !this.#isRoomFor(kind, nowMs)) return { level: "debug", fields };
    return { level, fields: repeats === 0 ? fields : { ...fields, repeats } };
  }
}

/** Beyond this many texts, the one that was due longest ago is forgotten. */
const MAX_TEXTS = 64;

/**
 * Returns a function that says whether a text is due: the number of repeats suppressed since it was last due, 0 the
 * first time, or undefined where it was due less than `windowMs` ago and is to be suppressed.
 */
export function limitRepeats(windowMs: number): (text: string, nowMs: number) => number | undefined {
  const dueTexts = new Map<string, { atMs: number; suppressed: number }>();
  return (text, nowMs) => {
    const last = dueTexts.get(text);
    if (last !== undefined && nowMs - last.atMs < windowMs) {
      last.suppressed += 1;
      return undefined;
    }
    dueTexts.delete(text); // keeps the map in the order in which the texts were due
    dueTexts.set(text, { atMs: nowMs, suppressed: 0 });
    const [oldest] = dueTexts.keys();
    if (dueTexts.size > MAX_TEXTS && oldest !== undefined) dueTexts.delete(oldest);
    return last?.suppressed ?? 0;
  };
}

/**
 * Returns a function that lets at most `max` of a kind through in a window of `windowMs`. The first call after a window
 * ended begins the next one. All kinds are kept in memory, so there must be few.
 */
export function limitCount(max: number, windowMs: number): (kind: string, nowMs: number) => boolean {
  const windows = new Map<string, { sinceMs: number; count: number }>();
  return (kind, nowMs) => {
    const last = windows.get(kind);
    const window =
      last !== undefined && nowMs - last.sinceMs < windowMs ? last : { sinceMs: nowMs, count: 0 };
    windows.set(kind, window);
    window.count += 1;
    return window.count <= max;
  };
}
