/** Makes text from outside safe to show: it cannot control a terminal, break a line, or flood a log. */

import { byName } from "./by-name.ts";

/** Parses a JSON log line, and escapes the control characters in all its names and texts. Line breaks of texts stay. */
export function parseEscaped(line: string): unknown {
  return JSON.parse(line, (_key, value) => {
    if (typeof value === "string") return escapeLines(value);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return byName(Object.entries(value).map(([name, each]) => [escapeControl(name), each]));
  });
}

/** Escapes each line of a text. Line breaks stay, because stack traces and messages of several lines have them. */
export function escapeLines(text: string): string {
  return text.split("\n").map(escapeControl).join("\n");
}

/** The value as JSON that is safe to print, and that parses to the same value. */
export function printableJson(value: unknown, indent?: number): string {
  return escapeJson(JSON.stringify(value, undefined, indent));
}

/** The same JSON with characters that are invisible, or that hide or move other text, written as `\uXXXX`. */
export function escapeJson(json: string): string {
  return json.replaceAll(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

/** Shown in place of a secret. */
export const HIDDEN = "(hidden)";

const LONGEST_VALUE = 80;

/** `text` on one line, cut after 80 characters. Characters that are invisible or change the line are escaped (`\n`, `\u202e`). */
export function escapeText(text: string): string {
  const start = Array.from(text.slice(0, 2 * LONGEST_VALUE));
  const isLong = start.length > LONGEST_VALUE || text.length > 2 * LONGEST_VALUE;
  const kept = start.slice(0, LONGEST_VALUE).join("");
  const escaped = escapeControl(JSON.stringify(kept).slice(1, -1));
  return isLong ? `${escaped}...` : escaped;
}

/** Escapes characters that are invisible, or that hide or move other text. */
export function escapeControl(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** A longer line of a script or server is cut. */
const LONGEST_LINE = 160;

/** Text of a script or server as one short printable line. Unprintable characters become spaces. */
export function printableLine(text: string): string {
  const printable = text.replaceAll(/[\s\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ").trim();
  const characters = [...printable];
  return characters.length <= LONGEST_LINE ? printable : `${characters.slice(0, LONGEST_LINE - 1).join("")}…`;
}
