/** Reads the filter tables of iptables, of both backends and both families, because they may drop VRRP adverts. */
import { readFileSync } from "node:fs";
import { LEGACY_TABLE_NAMES, TABLE_PROGRAMS } from "../save-program.ts";
import { doubtUncounted } from "../save-text.ts";
import { type FilterRead, mapText, type TableRead } from "../table-read.ts";
import { readTable } from "./read-table.ts";

const TIMEOUT_MS = 5_000;

/** Starts one process a table, one after the other, because nothing waits for the answer. Never rejects. */
export async function readFilterTables(
  families: readonly FilterRead["family"][],
  signal: AbortSignal,
): Promise<FilterRead[]> {
  const reads: FilterRead[] = [];
  for (const family of families) {
    reads.push(await readNftFilter(family, signal));
    const legacy: TableRead = hasLegacyFilter(family)
      ? await readFilter(family, "legacy", signal)
      : { kind: "absent" };
    reads.push({ family, backend: "legacy", read: legacy });
  }
  return reads;
}

/** By one process. Never rejects. */
export async function readNftFilter(family: FilterRead["family"], signal: AbortSignal): Promise<FilterRead> {
  return { family, backend: "nft", read: mapText(await readFilter(family, "nft", signal), doubtUncounted) };
}

function readFilter(family: FilterRead["family"], backend: FilterRead["backend"], signal: AbortSignal) {
  const options = ["--counters", "-t", "filter"];
  return readTable(`${TABLE_PROGRAMS[family]}-${backend}-save`, options, { timeoutMs: TIMEOUT_MS, signal });
}

function hasLegacyFilter(family: FilterRead["family"]): boolean {
  try {
    return readFileSync(LEGACY_TABLE_NAMES[family], "utf8").split("\n").includes("filter");
  } catch {
    return false;
  }
}
