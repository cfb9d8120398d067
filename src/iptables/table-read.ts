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

/** The nat tables of both backends. */
export type NatReads = Readonly<Record<Backend, TableRead>>;

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

/** `before` itself where the new read is the same table, so that comparing the objects shows that nothing changed. */
export function reuseUnchanged(before: TableRead, read: TableRead): TableRead {
  const isSame =
    before.kind === "table" &&
    read.kind === "table" &&
    before.text === read.text &&
    before.beside === read.beside;
  return isSame ? before : read;
}

/** The read with its text rewritten, where it has one. */
export function mapText(read: TableRead, rewrite: (text: string) => string): TableRead {
  return read.kind === "table" ? { kind: "table", text: rewrite(read.text) } : read;
}
