/** A line of the log for a terminal, which must not be drawn on by what others wrote. */

/** The object of a line of JSON, with every character of its texts escaped that is an order to a terminal. */
export function parseEscaped(line: string): unknown {
  return JSON.parse(line, (_key, value) => (typeof value === "string" ? escapeLines(value) : value));
}

/** Line ends stay: a stack trace has them. */
function escapeLines(text: string): string {
  return text.split("\n").map(escapeControl).join("\n");
}

/** Stands for a value that is never shown. */
export const HIDDEN = "(hidden)";

const SHOWN_CHARACTERS = 80;

/** `text` on one line: what does not print, or hides what does, as `\n` or `\u202e`; what is long, shortened. */
export function escapeText(text: string): string {
  const start = Array.from(text.slice(0, 2 * SHOWN_CHARACTERS));
  const isLong = start.length > SHOWN_CHARACTERS || text.length > 2 * SHOWN_CHARACTERS;
  const kept = start.slice(0, SHOWN_CHARACTERS).join("");
  const escaped = escapeControl(JSON.stringify(kept).slice(1, -1));
  return isLong ? `${escaped}...` : escaped;
}

/** `text` with every character escaped that does not print, or that hides or moves what does. */
export function escapeControl(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** Room for a line of a script or of a server, in characters. */
const REASON_LIMIT = 160;

/** Text of others as one short printable line: it ends up in logs, in status and on terminals. */
export function printableLine(text: string): string {
  const printable = text.replaceAll(/[\s\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ").trim();
  const characters = [...printable];
  return characters.length <= REASON_LIMIT ? printable : `${characters.slice(0, REASON_LIMIT - 1).join("")}…`;
}
