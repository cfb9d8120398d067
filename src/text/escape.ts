/** A line of the log for a terminal, which must not be drawn on by what others wrote. */
import { escapeControl } from "../settings/source.ts";

/** The object of a line of JSON, with every character of its texts escaped that is an order to a terminal. */
export function withoutControl(line: string): unknown {
  return JSON.parse(line, (_key, value) => (typeof value === "string" ? escapeLines(value) : value));
}

/** Line ends stay: a stack trace has them. */
function escapeLines(text: string): string {
  return text.split("\n").map(escapeControl).join("\n");
}
