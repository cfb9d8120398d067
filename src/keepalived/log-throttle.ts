/** What becomes of keepalived's lines: how each is logged, and which are quoted when something fails. */
import type { LogLevel, LogLine } from "./log-line.ts";
import { limitCount, limitRepeats } from "./repeat-limit.ts";

/** A complaint that comes with every advert is logged once in this time. */
const REPEAT_MS = 60_000;
/** Complaints of one kind, logged in that time: whoever forges adverts has a new address for each. */
const MAX_OF_A_KIND = 20;

/** Complaints kept: keepalived gives its reasons in the last few lines. */
const KEPT = 8;

export interface DigestedLine {
  readonly level: LogLevel;
  readonly fields: Readonly<Record<string, string | number>>;
}

export class LogDigest {
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
  digest({ level, event, instance, text }: LogLine, nowMs: number): DigestedLine {
    const fields = instance === undefined ? { line: text } : { instance, line: text };
    if (level !== "warn" && level !== "error") return { level, fields };
    this.#complaints = [...this.#complaints, text].slice(-KEPT);
    const repeats = this.#quietRepeats(text, nowMs);
    if (repeats === undefined || !this.#isRoomFor(event, nowMs)) return { level: "debug", fields };
    return { level, fields: repeats === 0 ? fields : { ...fields, repeats } };
  }
}
