/**
 * Reads the tables that packets meet before the nat tables: `raw`, `mangle` and base chains of nft's own.
 *
 * They change rarely, and most hosts have none. So nft is asked for them when it reports a change, once in a while at most, and a
 * table is saved only where nft lists it. Those of legacy are listed by the process that lists the nat table.
 */
import type { Family } from "../../network/address.ts";
import { EARLY_MS, type RuleChanges } from "../nat-schedule.ts";
import {
  type BaseChain,
  earlierNameOf,
  foreignBaseChains,
  iptablesTablesAt,
  saveOfBaseChain,
} from "../native-base-chains.ts";
import { parseNftRuleset } from "../nft-ruleset.ts";
import { TABLE_PROGRAMS } from "../save-program.ts";
import { withoutTimesAndCounts } from "../save-text.ts";
import {
  type Backend,
  EARLIER_NAMES,
  EARLIER_PRIORITIES,
  type EarlierTable,
  isTransient,
  mapText,
  mayHaveEarlierRules,
  type TableRead,
} from "../table-read.ts";
import type { ListChains } from "./base-chains.ts";
import type { LegacyTables } from "./legacy-table.ts";
import { createNativeNat } from "./native-nat.ts";
import { readTable } from "./read-table.ts";

/** The least time between two readings of nft, which reports changes all the time on a busy host of Docker. */
const MIN_AGE_MS = 2_000;
/** nft reports nothing of a policy. */
const MAX_AGE_MS = { listening: 60_000, notListening: 10_000 };
/** The same for the tables of legacy, whose changes are all reported, or none. */
const LEGACY_AGE_MS = { listening: 5_000, notListening: 2_000 };
const UNREADABLE: Failed = {
  kind: "error",
  reason: "iptables-unusable",
  detail: "nft lists a table that cannot be read",
};
/** The chains of more tables than any firewall has are not read. */
const MAX_CHAINS = 16;

export interface EarlierTablesOptions {
  readonly family: Family;
  readonly backend: "auto" | Backend;
  readonly timeoutMs: number;
  readonly listChains: ListChains;
  readonly signal: AbortSignal;
}

/**
 * The same array while they are the same; those of before where a read fails. Before the first success, a failure that the
 * next read may not have stands for them. One call at a time. Never rejects.
 */
export function createEarlierTables(
  options: EarlierTablesOptions,
  legacy: LegacyTables,
  changes: Readonly<Record<Backend, RuleChanges>>,
): () => Promise<readonly EarlierTable[]> {
  const readNft = createNftReader(options);
  let known: readonly EarlierTable[] = [];
  let byNft: EarlierRead | undefined;
  let byLegacy: EarlierRead | undefined;
  let nftReadAtMs = Number.NEGATIVE_INFINITY;
  let legacyReadAtMs = Number.NEGATIVE_INFINITY;
  const isNftDue = (nowMs: number): boolean => {
    const ageMs = nowMs - nftReadAtMs;
    if (changes.nft.changedAtMs >= nftReadAtMs || isFailure(byNft)) return ageMs >= MIN_AGE_MS;
    return ageMs >= (changes.nft.isListening ? MAX_AGE_MS.listening : MAX_AGE_MS.notListening);
  };
  const isLegacyDue = (nowMs: number): boolean => {
    const { isListening, changedAtMs } = changes.legacy;
    const maxAgeMs = isListening ? LEGACY_AGE_MS.listening : LEGACY_AGE_MS.notListening;
    return changedAtMs >= legacyReadAtMs || nowMs - legacyReadAtMs + EARLY_MS >= maxAgeMs;
  };
  return async () => {
    const nowMs = performance.now();
    if (options.backend !== "nft" && isLegacyDue(nowMs)) {
      legacyReadAtMs = nowMs;
      byLegacy = keepSuccess(byLegacy, await readLegacy(legacy));
    }
    if (options.backend !== "legacy" && isNftDue(nowMs)) {
      nftReadAtMs = nowMs;
      const { read, atMs } = await readNft();
      nftReadAtMs = Math.min(nowMs, atMs);
      byNft = keepSuccess(byNft, read);
    }
    const tables = [byNft, byLegacy].flatMap(tablesOf);
    if (!areSame(tables, known)) known = tables;
    return known;
  };
}

/** The tables, or why they could not be read. */
type EarlierRead = readonly EarlierTable[] | Failed;
type Failed = TableRead & { readonly kind: "error" };

function isFailure(read: EarlierRead | undefined): read is Failed {
  return read !== undefined && "kind" in read;
}

function keepSuccess(before: EarlierRead | undefined, read: EarlierRead): EarlierRead {
  return isFailure(read) && before !== undefined && !isFailure(before) ? before : read;
}

/** A failure for good decides nothing, as in the nat table of the backend: many hosts have one backend only. */
function tablesOf(read: EarlierRead | undefined): readonly EarlierTable[] {
  if (read === undefined) return [];
  if (!isFailure(read)) return read;
  const { reason } = read;
  return isTransient(read)
    ? [{ name: "raw", priority: EARLIER_PRIORITIES.raw, text: "", failure: reason }]
    : [];
}

function areSame(a: readonly EarlierTable[], b: readonly EarlierTable[]): boolean {
  const isSame = (one: EarlierTable, other: EarlierTable | undefined) =>
    one.text === other?.text && one.failure === other.failure;
  return a.length === b.length && a.every((one, index) => isSame(one, b[index]));
}

async function readLegacy(legacy: LegacyTables): Promise<EarlierRead> {
  const tables: EarlierTable[] = [];
  for (const name of EARLIER_NAMES) {
    const read = await legacy.read(name);
    if (read.kind === "error") return read;
    tables.push(...earlierIn(read, name));
  }
  return tables;
}

/** @returns what reads, and when the facts that it used began to be read. */
function createNftReader(
  given: EarlierTablesOptions,
): () => Promise<{ readonly read: EarlierRead; readonly atMs: number }> {
  const completers = {
    raw: createNativeNat({ ...given, table: "raw" }),
    mangle: createNativeNat({ ...given, table: "mangle" }),
  };
  const readIn = async (chains: TableRead, options: EarlierTablesOptions): Promise<EarlierRead> => {
    if (chains.kind === "absent") return [];
    if (chains.kind === "error") return chains;
    const tables: EarlierTable[] = [];
    const ofIptables = iptablesTablesAt(chains.text, given.family, "before-nat");
    for (const name of EARLIER_NAMES.filter((own) => ofIptables.includes(own))) {
      const save = await readTable(`${TABLE_PROGRAMS[given.family]}-nft-save`, ["-t", name], options);
      const read = await completers[name](mapText(save, withoutTimesAndCounts));
      if (read.kind === "error") return read;
      tables.push(...earlierIn(read, name));
    }
    const own = await readOwn(foreignBaseChains(chains.text, given.family, "before-nat") ?? [], options);
    return "kind" in own ? own : [...tables, ...own];
  };
  return async () => {
    const signal = AbortSignal.any([given.signal, AbortSignal.timeout(given.timeoutMs)]);
    const { read, atMs } = await given.listChains(false);
    return { read: await readIn(read, { ...given, signal }), atMs };
  };
}

async function readOwn(chains: readonly BaseChain[], options: EarlierTablesOptions): Promise<EarlierRead> {
  const tables: EarlierTable[] = [];
  for (const chain of chains.slice(0, MAX_CHAINS)) {
    const listed = await readTable("nft", ["-j", "list", "table", chain.family, chain.table], options);
    if (listed.kind === "error") return listed;
    const ruleset = listed.kind === "table" ? parseNftRuleset(listed.text) : undefined;
    if (ruleset === undefined) return UNREADABLE;
    const text = saveOfBaseChain(chain, ruleset, "before-nat");
    tables.push({ name: earlierNameOf(chain), priority: chain.priority, text });
  }
  return tables;
}

function earlierIn(read: TableRead, name: EarlierTable["name"]): readonly EarlierTable[] {
  if (read.kind !== "table" || !mayHaveEarlierRules(read.text)) return [];
  return [{ name, priority: EARLIER_PRIORITIES[name], text: read.text }];
}
