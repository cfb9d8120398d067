/** Makes text from outside safe to show: it cannot control a terminal, break a line, or flood a log. */

/** Parses a JSON log line, and escapes the control characters in all its texts. Line breaks stay. */
export function parseEscaped(line: string): unknown {
  return JSON.parse(line, (_key, value) => (typeof value === "string" ? escapeLines(value) : value));
}

/** Line breaks stay, because stack traces have them. */
function escapeLines(text: string): string {
  return text.split("\n").map(escapeControl).join("\n");
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
