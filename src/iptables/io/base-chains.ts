/** Reads the base chains of nft's own that packets meet in a hook, when nft reports a change and rarely otherwise. */
import type { Family } from "../../network/address.ts";
import type { RuleChanges } from "../nat-schedule.ts";
import { foreignBaseChains, type Hook, saveOfBaseChain } from "../native-base-chains.ts";
import { parseNftRuleset } from "../nft-ruleset.ts";
import type { TableRead } from "../table-read.ts";
import type { ChainsListing } from "./chains-listing.ts";
import { readTable } from "./read-table.ts";

/** A new base chain without rules is not reported by nft, but decides nothing either. */
const MAX_AGE_MS = { listening: 60_000, notListening: 10_000 };
/** The chains of more tables than any firewall has are not read. */
const MAX_CHAINS = 16;

export interface BaseChainsOptions {
  readonly family: Family;
  readonly hook: Hook;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Lists all chains of nft. Never rejects. @param isUrgent as they are at the call or later. */
export type ListChains = (isUrgent: boolean) => Promise<ChainsListing>;

/**
 * The function returns the saves. Unchanged saves are the same array. If nft does not answer, it returns the previous ones. One call
 * at a time. Never rejects.
 */
export function createBaseChains(
  options: BaseChainsOptions,
  changes: RuleChanges,
  listChains: ListChains,
): (isUrgent?: boolean) => Promise<readonly string[]> {
  let known: readonly string[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  return async (isUrgent = false) => {
    const nowMs = performance.now();
    const maxAgeMs = changes.isListening ? MAX_AGE_MS.listening : MAX_AGE_MS.notListening;
    if (!isUrgent && changes.changedAtMs < readAtMs && nowMs - readAtMs < maxAgeMs) return known;
    readAtMs = nowMs;
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
    const chains = await listChains(isUrgent);
    readAtMs = Math.min(nowMs, chains.atMs);
    const saves = await readSaves(chains.read, { ...options, signal });
    if (saves !== undefined && saves.join("\0") !== known.join("\0")) known = saves;
    return known;
  };
}

async function readSaves(
  chains: TableRead,
  options: BaseChainsOptions,
): Promise<readonly string[] | undefined> {
  if (chains.kind !== "table") return undefined;
  const saves: string[] = [];
  for (const chain of (foreignBaseChains(chains.text, options.family, options.hook) ?? []).slice(
    0,
    MAX_CHAINS,
  )) {
    const table = await readTable("nft", ["-j", "list", "table", chain.family, chain.table], options);
    const ruleset = table.kind === "table" ? parseNftRuleset(table.text) : undefined;
    if (ruleset === undefined) return undefined;
    saves.push(saveOfBaseChain(chain, ruleset, options.hook));
  }
  return saves;
}
