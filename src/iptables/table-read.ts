/** What a read of one table of one backend gave: its text, its absence, or the failure. */

export type Backend = "nft" | "legacy";

/**
 * `table`: the text of its save, and of base chains of nft's own that packets meet before it or beside it. `absent`: the backend has no such table, which is an answer and not a
 * failure.
 */
export type TableRead =
  | { readonly kind: "table"; readonly text: string; readonly beside?: readonly string[] }
  | { readonly kind: "absent" }
  | { readonly kind: "error"; readonly reason: ReadFailure; readonly detail?: string };

/** Why a table could not be read. If both backends fail, the first in this list is reported: it needs the operator most. */
export const READ_FAILURES = ["table-incompatible", "iptables-unusable", "iptables-busy", "timeout"] as const;

export type ReadFailure = (typeof READ_FAILURES)[number];

/** The nat tables of both backends, and the tables that packets meet before them. */
export interface NatReads extends Readonly<Record<Backend, TableRead>> {
  /** The same array while they are the same. */
  readonly earlier?: readonly EarlierTable[];
}

/** `raw`, `mangle`, or a base chain of nft's own as one of them. They may mark a client's packet, or drop it. */
export interface EarlierTable {
  readonly name: "raw" | "mangle";
  /** Packets meet the lowest one first. */
  readonly priority: number;
  /** The text of a save with this table. */
  readonly text: string;
  /** Why there is no text, where it could not be read. */
  readonly failure?: ReadFailure;
}

/** Where iptables hooks them in. */
export const EARLIER_PRIORITIES = { raw: -300, mangle: -150 } as const;
export const EARLIER_NAMES = ["raw", "mangle"] as const;

/** Whether the save of such a table has anything for packets that come in, or does not tell. */
export function mayHaveEarlierRules(save: string): boolean {
  return /^-A PREROUTING |^:PREROUTING DROP |^# Table `\w+' is incompatible/m.test(save);
}

/** Those in a text with the saves of several tables. */
export function earlierTablesIn(text: string): readonly EarlierTable[] {
  return EARLIER_NAMES.map((name) => ({ name, priority: EARLIER_PRIORITIES[name], text }));
}

/** One filter table. Packets of its family meet the rules of both backends. */
export interface FilterRead {
  readonly family: "ipv4" | "ipv6";
  readonly backend: Backend;
  readonly read: TableRead;
}

export function failedRead(reason: ReadFailure, detail: string): TableRead {
  return { kind: "error", reason, detail };
}

/** Whether the next read may succeed without the operator. */
export function isTransient({ reason }: { readonly reason: ReadFailure }): boolean {
  return reason === "iptables-busy" || reason === "timeout";
}

/** `before` itself where the new read says the same, so that comparing the objects shows that nothing changed. */
export function reuseUnchanged(before: TableRead, read: TableRead): TableRead {
  return isSame(before, read) ? before : read;
}

function isSame(a: TableRead, b: TableRead): boolean {
  if (a.kind === "table") return b.kind === "table" && a.text === b.text && a.beside === b.beside;
  if (a.kind === "error") return b.kind === "error" && a.reason === b.reason && a.detail === b.detail;
  return b.kind === "absent";
}

/** The read with its text rewritten, where it has one. */
export function mapText(read: TableRead, rewrite: (text: string) => string): TableRead {
  return read.kind === "table" ? { kind: "table", text: rewrite(read.text) } : read;
}
