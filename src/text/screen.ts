/**
 * Draws a text again and again on a terminal. It uses the alternate screen, so the earlier content and the scrollback
 * of the terminal stay.
 */

export interface ScreenSize {
  readonly rows: number;
  readonly columns: number;
}

/** Changes to the alternate screen, and hides the cursor. */
export const ENTER_SCREEN = "\u001b[?1049h\u001b[?25l";
/** Changes back: the terminal looks as before. */
export const LEAVE_SCREEN = "\u001b[?25h\u001b[?1049l";

const CLEAR_LINE_END = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";
const HOME = "\u001b[H";
const COLOURS = /\p{Cc}\[\d+m/gu;

/**
 * Draws over the former frame without clearing it first, so nothing flickers. The alternate screen cannot scroll, so what
 * has no room is cut at the end of a line, and the last line says how many are missing.
 *
 * @param text lines, the last with its line end. Their colours take no room.
 */
export function drawFrame(text: string, { rows, columns }: ScreenSize): string {
  const lines = text.replace(/\n$/, "").split("\n");
  const shown = lines.slice(0, fittingLines(lines, rows, columns));
  const missing = lines.length - shown.length;
  if (missing > 0) shown.push(`... ${missing} more lines; the command without --watch prints them`);
  return `${HOME}${shown.map((line) => `${line}${CLEAR_LINE_END}`).join("\n")}${CLEAR_BELOW}`;
}

function fittingLines(lines: readonly string[], rows: number, columns: number): number {
  const heights = lines.map((line) => {
    const width = [...line.replaceAll(COLOURS, "")].length;
    return Math.max(1, Math.ceil(width / Math.max(1, columns)));
  });
  const total = heights.reduce((sum, height) => sum + height, 0);
  if (total <= rows) return lines.length;
  let used = 1; // the line that says what is missing
  const end = heights.findIndex((height) => {
    used += height;
    return used > rows;
  });
  return end === -1 ? lines.length : end;
}
