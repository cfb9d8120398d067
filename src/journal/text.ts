/** The journal as text: one line per entry, and the VIP moves as sentences, both in place and at the end. */

import { escapeControl } from "../text/escape.ts";
import { PLAIN, type Style } from "../text/style.ts";
import type { ReadableEntry, ReadableJournal, ReadableMove } from "./readable.ts";

/** The last moves are repeated at the end, where a reader of a terminal looks first. */
const LAST_MOVES = 20;

/**
 * Empty for an empty journal. The text is safe to print on a terminal.
 *
 * @param group the only one whose moves the journal has, where it is a selection.
 */
export function renderJournal(
  { entries, moves }: ReadableJournal,
  style: Style = PLAIN,
  group?: string,
): string {
  const byEntry = Map.groupBy(moves, ({ entry }) => entry);
  const lines = entries.flatMap((entry) => {
    return [entry, ...(byEntry.get(entry.index) ?? [])].map((item) => journalLine(item, style));
  });
  if (lines.length > 0) lines.push("", ...closingLines({ entries, moves }, group));
  return lines.map((line) => `${line}\n`).join("");
}

/** The line of an entry, or of a move. Without its line break. */
export function journalLine(item: ReadableEntry | ReadableMove, style: Style = PLAIN): string {
  if ("words" in item) return `${escapeControl(item.at)}  ${item.words}`;
  return style("strong", `=> ${item.sentence}`);
}

function closingLines({ entries, moves }: ReadableJournal, group: string | undefined): string[] {
  const ofGroup = group === undefined ? "" : ` of ${escapeControl(group)}`;
  const last = moves.at(-1);
  const begins = escapeControl(entries[0]?.at ?? "");
  if (last === undefined) {
    return [
      `No VIP${ofGroup} came to or left this host since ${begins}. Read the journals of the other hosts, too.`,
    ];
  }
  const shown = moves.slice(-LAST_MOVES);
  const head = `VIPs${ofGroup} came to or left this host ${countText(moves.length)} since ${begins}`;
  return [
    shown.length < moves.length ? `${head}; the last ${LAST_MOVES}, in UTC:` : `${head}, in UTC:`,
    ...shown.map(({ at, sentence }) => `${escapeControl(at.slice(0, 10))}  ${sentence}`),
    ...(last.move === "came" ? ["The journal of the other host says why a VIP left it."] : []),
  ];
}

function countText(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
