/** The hosts as a table of text. */
export interface HostRow {
  readonly name: string;
  readonly address: string;
  readonly state: string;
  /** By the host's kernel, whatever its agent says. */
  readonly hasVip: boolean;
  /** Names of hosts. */
  readonly peers: readonly string[];
  readonly lastEvent: { readonly atMs: number; readonly text: string } | undefined;
}

const WIDTHS = [4, 13, 8, 3, 8] as const;
const HEAD = ["host", "address", "state", "VIP", "peers", "last event"];

/** A head and one line a host. `emphasize` gets the lines of those that have the VIP. */
export function hostTable(
  rows: readonly HostRow[],
  nowMs: number,
  emphasize: (line: string) => string,
): string[] {
  const lines = rows.map((row) => {
    const vip = row.hasVip ? "yes" : "";
    const line = align([row.name, row.address, row.state, vip, row.peers.join(" "), eventText(row, nowMs)]);
    return row.hasVip ? emphasize(line) : line;
  });
  return [align(HEAD), ...lines];
}

function eventText({ lastEvent }: HostRow, nowMs: number): string {
  if (lastEvent === undefined) return "";
  const seconds = Math.max(0, Math.round((nowMs - lastEvent.atMs) / 1_000));
  return `${lastEvent.text}, ${seconds} s ago`;
}

function align(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join("  ")
    .trimEnd();
}
