/**
 * Reads the tables that packets meet before the nat tables: `raw`, `mangle` and base chains of nft's own.
 *
 * They change rarely, and most hosts have none. So nft is asked for them when it reports a change, once in a while at most, and a
 * table is saved only where nft lists it. Those of legacy are listed by the process that lists the nat table.
 */
import type { Family } from "../../network/address.ts";
import type { NftChanges } from "../nat-schedule.ts";
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
  hasEarlierRules,
  mapText,
  type TableRead,
} from "../table-read.ts";
import type { LegacyTables } from "./legacy-table.ts";
import { createNativeNat } from "./native-nat.ts";
import { readTable } from "./read-table.ts";

/** The tables of nft are read so often at most while it reports changes all the time, as on a busy host of Docker. */
const MIN_AGE_MS = 2_000;
/** nft reports nothing of a policy. */
const MAX_AGE_MS = { listening: 60_000, notListening: 10_000 };
/** Nobody reports a change of the tables of legacy. */
const LEGACY_AGE_MS = 2_000;
/** The chains of more tables than any firewall has are not read. */
const MAX_CHAINS = 16;

export interface EarlierTablesOptions {
  readonly family: Family;
  readonly backend: "auto" | Backend;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The same array while they are the same; those of before where a read fails. One call at a time. Never rejects. */
export function createEarlierTables(
  options: EarlierTablesOptions,
  legacy: LegacyTables,
  changes: NftChanges,
): () => Promise<readonly EarlierTable[]> {
  const readNft = createNftReader(options);
  let known: readonly EarlierTable[] = [];
  let byNft: readonly EarlierTable[] = [];
  let byLegacy: readonly EarlierTable[] = [];
  let nftReadAtMs = Number.NEGATIVE_INFINITY;
  let legacyReadAtMs = Number.NEGATIVE_INFINITY;
  const isNftDue = (nowMs: number): boolean => {
    const ageMs = nowMs - nftReadAtMs;
    if (changes.changedAtMs >= nftReadAtMs) return ageMs >= MIN_AGE_MS;
    return ageMs >= (changes.isListening ? MAX_AGE_MS.listening : MAX_AGE_MS.notListening);
  };
  return async () => {
    const nowMs = performance.now();
    if (options.backend !== "nft" && nowMs - legacyReadAtMs >= LEGACY_AGE_MS) {
      legacyReadAtMs = nowMs;
      byLegacy = (await readLegacy(legacy)) ?? byLegacy;
    }
    if (options.backend !== "legacy" && isNftDue(nowMs)) {
      nftReadAtMs = nowMs;
      byNft = (await readNft()) ?? byNft;
    }
    const tables = [...byNft, ...byLegacy];
    if (!areSame(tables, known)) known = tables;
    return known;
  };
}

function areSame(a: readonly EarlierTable[], b: readonly EarlierTable[]): boolean {
  return a.length === b.length && a.every(({ text }, index) => text === b[index]?.text);
}

async function readLegacy(legacy: LegacyTables): Promise<readonly EarlierTable[] | undefined> {
  const tables: EarlierTable[] = [];
  for (const name of EARLIER_NAMES) {
    const read = await legacy.read(name);
    if (read.kind === "error") return undefined;
    tables.push(...earlierIn(read, name));
  }
  return tables;
}

function createNftReader(given: EarlierTablesOptions): () => Promise<readonly EarlierTable[] | undefined> {
  const completers = {
    raw: createNativeNat({ ...given, table: "raw" }),
    mangle: createNativeNat({ ...given, table: "mangle" }),
  };
  return async () => {
    const signal = AbortSignal.any([given.signal, AbortSignal.timeout(given.timeoutMs)]);
    const options = { ...given, signal };
    const chains = await readTable("nft", ["-j", "list", "chains"], options);
    if (chains.kind !== "table") return undefined;
    const tables: EarlierTable[] = [];
    const ofIptables = iptablesTablesAt(chains.text, given.family, "before-nat");
    for (const name of EARLIER_NAMES.filter((own) => ofIptables.includes(own))) {
      const save = await readTable(`${TABLE_PROGRAMS[given.family]}-nft-save`, ["-t", name], options);
      const read = await completers[name](mapText(save, withoutTimesAndCounts));
      if (read.kind === "error") return undefined;
      tables.push(...earlierIn(read, name));
    }
    const own = await readOwn(foreignBaseChains(chains.text, given.family, "before-nat") ?? [], options);
    return own && [...tables, ...own];
  };
}

async function readOwn(
  chains: readonly BaseChain[],
  options: EarlierTablesOptions,
): Promise<readonly EarlierTable[] | undefined> {
  const tables: EarlierTable[] = [];
  for (const chain of chains.slice(0, MAX_CHAINS)) {
    const listed = await readTable("nft", ["-j", "list", "table", chain.family, chain.table], options);
    const ruleset = listed.kind === "table" ? parseNftRuleset(listed.text) : undefined;
    if (ruleset === undefined) return undefined;
    const text = saveOfBaseChain(chain, ruleset, "before-nat");
    tables.push({ name: earlierNameOf(chain), priority: chain.priority, text });
  }
  return tables;
}

function earlierIn(read: TableRead, name: EarlierTable["name"]): readonly EarlierTable[] {
  if (read.kind !== "table" || !hasEarlierRules(read.text)) return [];
  return [{ name, priority: EARLIER_PRIORITIES[name], text: read.text }];
}
