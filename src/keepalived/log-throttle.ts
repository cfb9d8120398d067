/**
 * How each of keepalived's lines is logged, and which are quoted when something fails. keepalived repeats some complaints
 * with every advert, five times a second: they are logged once in a while.
 */
import type { LogLine } from "./log-line.ts";
import type { LogLevel } from "./log-meaning.ts";

/** A complaint that comes with every advert is logged once in this time. */
const REPEAT_MS = 60_000;
/** Complaints of one kind, logged in that time: whoever forges adverts has a new address for each. */
const MAX_OF_A_KIND = 20;

/** Complaints kept: keepalived gives its reasons in the last few lines. */
const KEPT = 8;

export interface ThrottledLine {
  readonly level: LogLevel;
  readonly fields: Readonly<Record<string, string | number>>;
}

export class LogThrottle {
  readonly #quietRepeats = limitRepeats(REPEAT_MS);
  readonly #isRoomFor = limitCount(MAX_OF_A_KIND, REPEAT_MS);
  #complaints: readonly string[] = [];

  /** The last complaints, oldest first, since they were last forgotten. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  /** For the start of something new, so that its failure is not told with the reasons of another. */
  forgetComplaints(): void {
    this.#complaints = [];
  }

  /** `repeats` among the fields counts the repeats that went to debug since the complaint was last logged. */
  throttle({ level, kind, instance, text }: LogLine, nowMs: number): ThrottledLine {
    const fields = instance === undefined ? { line: text } : { instance, line: text };
    if (level !== "warn" && level !== "error") return { level, fields };
    this.#complaints = [...this.#complaints, text].slice(-KEPT);
    const repeats = this.#quietRepeats(text, nowMs);
    if (repeats === undefined || !this.#isRoomFor(kind, nowMs)) return { level: "debug", fields };
    return { level, fields: repeats === 0 ? fields : { ...fields, repeats } };
  }
}

/** Texts remembered at most; beyond it the one said longest ago is forgotten. */
const MEMORY = 64;

/**
 * Gives a function that answers for a text at a time: how many repeats were kept quiet since it was last due
 * (0 the first time), or undefined where it was due less than `windowMs` ago and is to be kept quiet now.
 */
export function limitRepeats(windowMs: number): (text: string, nowMs: number) => number | undefined {
  const said = new Map<string, { atMs: number; quiet: number }>();
  return (text, nowMs) => {
    const last = said.get(text);
    if (last !== undefined && nowMs - last.atMs < windowMs) {
      last.quiet += 1;
      return undefined;
    }
    said.delete(text); // so that the order of the map is the order of saying
    said.set(text, { atMs: nowMs, quiet: 0 });
    const [oldest] = said.keys();
    if (said.size > MEMORY && oldest !== undefined) said.delete(oldest);
    return last?.quiet ?? 0;
  };
}

/**
 * Gives a function that answers for a kind at a time: whether fewer than `max` of that kind were let through since the
 * window of `windowMs` began, which the first one after the end of the last window does. Kinds must be few: all are kept.
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
