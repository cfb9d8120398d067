/** The journal as a person reads it: a line an entry, and the moves of VIPs as sentences between them and at the end. */

import { escapeControl } from "../text/escape.ts";
import { PLAIN, type Style } from "../text/style.ts";
import type { ReadableJournal } from "./readable.ts";

/** So many moves are told again at the end, where whoever asked looks first. */
const SHOWN_MOVES = 20;

/** Nothing where there is none. What came from outside is escaped. */
export function renderJournal({ entries, moves }: ReadableJournal, style: Style = PLAIN): string {
  const byEntry = Map.groupBy(moves, ({ entry }) => entry);
  const lines = entries.flatMap(({ at, words, index }) => {
    const told = (byEntry.get(index) ?? []).map(({ sentence }) => style("strong", `=> ${sentence}`));
    return [`${escapeControl(at)}  ${words}`, ...told];
  });
  if (lines.length > 0) lines.push("", ...closingLines({ entries, moves }));
  return lines.map((line) => `${line}\n`).join("");
}

function closingLines({ entries, moves }: ReadableJournal): string[] {
  const last = moves.at(-1);
  const begins = escapeControl(entries[0]?.at ?? "");
  if (last === undefined) {
    return [
      `No VIP came to this host or left it since ${begins}. Ask for the journal on the other hosts, too.`,
    ];
  }
  const shown = moves.slice(-SHOWN_MOVES);
  const head = `VIPs came to this host or left it, ${countText(moves.length)} since ${begins}`;
  return [
    shown.length < moves.length ? `${head}; the last ${SHOWN_MOVES}, in UTC:` : `${head}, in UTC:`,
    ...shown.map(({ at, sentence }) => `${escapeControl(at.slice(0, 10))}  ${sentence}`),
    ...(last.move === "came" ? ["Why a VIP left another host is in the journal of that host."] : []),
  ];
}

function countText(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
