/**
 * One reader of keepalived's console log. Each line is parsed once, and every other file acts on its `kind`.
 * log-rules.ts has the wording of the lines.
 */
import type { LogLevel, LogMeaning } from "./log-meaning.ts";
import { LOG_RULES } from "./log-rules.ts";

/** A line without its time, and what it means. */
export type LogLine = LogMeaning & {
  readonly text: string;
  readonly level: LogLevel;
  /** A constant of the kind: the message under which the line is logged. */
  readonly summary: string;
  readonly instance: string | undefined;
};

/** The time that keepalived puts before a line, as asctime() writes it. */
const TIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}(?:\.\d+)? \d{4}: /;

/** `(main) …` and `(main): …`, but not `(FILE: Line 7) …`. */
const INSTANCE = /^\(([^():\s]+)\):? /;

const QUOTE_MAX_CHARACTERS = 2_000;

/** Parses one line of the console log. Never throws: a line that no rule knows is of kind `routine`. */
export function parseLogLine(raw: string): LogLine {
  const text = raw.replace(TIME, "").trimEnd();
  const instance = INSTANCE.exec(text)?.[1];
  for (const { pattern, meaning, level, summary } of LOG_RULES) {
    const match = pattern.exec(text);
    if (match !== null) return { text, level, summary, instance, ...meaning(match) };
  }
  return { text, level: "debug", summary: "keepalived wrote a line", instance, kind: "routine" };
}

/** keepalived's own words on one line of at most 2,000 characters, without times, for the message of an error. */
export function quoteLog(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(TIME, "").trim());
  return lines.filter(Boolean).join("; ").slice(0, QUOTE_MAX_CHARACTERS);
}
