/** Reads the filter tables of iptables, of both backends and both families, because they may drop VRRP adverts. */
import { readFileSync } from "node:fs";
import { doubtShortened } from "../native-rules.ts";
import { parseNftRuleset } from "../nft-ruleset.ts";
import { LEGACY_TABLE_NAMES, TABLE_PROGRAMS } from "../save-program.ts";
import { doubtUncounted } from "../save-text.ts";
import { type FilterRead, failedRead, isTransient, mapText, type TableRead } from "../table-read.ts";
import { readTable } from "./read-table.ts";

const TIMEOUT_MS = 5_000;
const DROPPING = / -j (?:DROP|REJECT)\b|^:\S+ DROP /m;

/** Starts one process after the other, because nothing waits for the answer. Never rejects. */
export async function readFilterTables(
  families: readonly FilterRead["family"][],
  signal: AbortSignal,
): Promise<FilterRead[]> {
  const reads: FilterRead[] = [];
  for (const family of families) {
    reads.push(await readNftFilter(family, signal, true));
    const legacy: TableRead = hasLegacyFilter(family)
      ? await readFilter(family, "legacy", signal)
      : { kind: "absent" };
    reads.push({ family, backend: "legacy", read: legacy });
  }
  return reads;
}

/**
 * By one process. Never rejects.
 *
 * @param isDoubted separates nft's own rules from those that iptables can express, which costs another process.
 */
export async function readNftFilter(
  family: FilterRead["family"],
  signal: AbortSignal,
  isDoubted: boolean,
): Promise<FilterRead> {
  const read = mapText(await readFilter(family, "nft", signal), doubtUncounted);
  return { family, backend: "nft", read: isDoubted ? await doubtNativeRules(family, read, signal) : read };
}

async function doubtNativeRules(
  family: FilterRead["family"],
  read: TableRead,
  signal: AbortSignal,
): Promise<TableRead> {
  // where nothing drops, nothing is blocked
  if (read.kind !== "table" || !DROPPING.test(read.text)) return read;
  const table = ["-j", "list", "table", family === "ipv4" ? "ip" : "ip6", "filter"];
  const listed = await readTable("nft", table, { timeoutMs: TIMEOUT_MS, signal });
  // a busy machine: what drops all packets as iptables saves it may drop a few
  if (listed.kind === "error" && isTransient(listed)) return listed;
  const ruleset = listed.kind === "table" ? parseNftRuleset(listed.text) : undefined;
  if (ruleset === undefined) return read; // no table of nft, or no nft
  const text = doubtShortened(read.text, ruleset);
  return text === undefined
    ? failedRead("iptables-busy", "the rules changed meanwhile")
    : { kind: "table", text };
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
