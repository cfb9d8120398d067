/**
 * Completes a save of iptables-nft with nft's own listing, if the save may lack native rules.
 *
 * Most saves need no other process: nft is asked again rarely, or if lines changed that may say less than their rule.
 * If some did say less, nft is asked at every read, because another rule may have the same line.
 */
import type { Family } from "../../network/address.ts";
import {
  chainsToList,
  isIncompatible,
  type Replacements,
  replacementsFor,
  replaceSuspects,
  saveOfRuleset,
  suspectLines,
} from "../native-rules.ts";
import { type NftRuleset, parseNftRuleset } from "../nft-ruleset.ts";
import { TABLE_PROGRAMS } from "../save-program.ts";
import type { TableRead } from "../table-read.ts";
import { readTable } from "./read-table.ts";

/** The words of nft for the families. */
const NFT_FAMILIES = { ipv4: "ip", ipv6: "ip6" } as const;
/** A later rule that says more may have the same line as a complete one, so nft is asked again after this time. */
const MAX_AGE_MS = 60_000;
/** A table with more chains is read from nft alone. */
const MAX_LISTED_CHAINS = 64;

export interface NativeNatOptions {
  readonly family: Family;
  readonly table: "nat" | "raw" | "mangle";
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What was found for a save with these suspect lines. */
interface Known {
  readonly suspects: readonly string[];
  readonly atMs: number;
  readonly replacements: Replacements;
  /** No line says less than its rule. */
  readonly isComplete: boolean;
}

/**
 * Completes one save after the other, within two time-outs. Never rejects; a save that cannot be completed stays as it is.
 */
export function createNativeNat(options: NativeNatOptions): (save: TableRead) => Promise<TableRead> {
  let known: Known | undefined;
  return async (read) => {
    if (isUnsaved(read)) return (await readByNft(options)) ?? read;
    if (read.kind !== "table") return read;
    const suspects = suspectLines(read.text);
    if (suspects.length === 0) return read;
    const found = await lookUp(read.text, suspects, known, options);
    if (found === "changed") return (await readByNft(options)) ?? read;
    known = found;
    if (found === undefined || found.isComplete) return read;
    return { kind: "table", text: replaceSuspects(read.text, found.replacements) };
  };
}

/** Whether iptables refused to save the table, or ended with an error at one of its rules. */
function isUnsaved(read: TableRead): boolean {
  if (read.kind === "error") return read.reason === "table-incompatible";
  return read.kind === "table" && isIncompatible(read.text);
}

/** Undefined where nft cannot be asked, `changed` where it lists other rules than the save. */
async function lookUp(
  save: string,
  suspects: readonly string[],
  known: Known | undefined,
  options: NativeNatOptions,
): Promise<Known | "changed" | undefined> {
  const atMs = performance.now();
  if (known?.isComplete === true && atMs - known.atMs <= MAX_AGE_MS) {
    if (known.suspects.join("\n") === suspects.join("\n")) return known;
  }
  const ruleset = await listRuleset(withDeadline(options));
  if (ruleset === undefined) return undefined;
  const replacements = replacementsFor(save, ruleset);
  if (replacements === undefined) return "changed";
  const isComplete = replacements.every((lines, index) => lines.length === 1 && lines[0] === suspects[index]);
  return { suspects, atMs, replacements, isComplete };
}

/** All processes together end within the time-out. */
function withDeadline(options: NativeNatOptions): NativeNatOptions {
  return { ...options, signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]) };
}

async function listRuleset({ family, table, ...options }: NativeNatOptions): Promise<NftRuleset | undefined> {
  const read = await readTable("nft", ["-j", "list", "table", NFT_FAMILIES[family], table], options);
  return read.kind === "table" ? parseNftRuleset(read.text) : undefined;
}

/** The whole table from nft, with the chains that iptables can express from iptables. */
async function readByNft(given: NativeNatOptions): Promise<TableRead | undefined> {
  const options = withDeadline(given);
  const ruleset = await listRuleset(options);
  if (ruleset === undefined) return undefined;
  const { family, table } = options;
  const listings = new Map<string, string>();
  for (const chain of chainsToList(ruleset).slice(0, MAX_LISTED_CHAINS)) {
    const read = await readTable(`${TABLE_PROGRAMS[family]}-nft`, ["-t", table, "-S", chain], options);
    if (read.kind === "table") listings.set(chain, read.text);
  }
  const text = await readTable("nft", ["list", "table", NFT_FAMILIES[family], table], options);
  const nftText = text.kind === "table" ? text.text : "";
  return { kind: "table", text: saveOfRuleset(ruleset, { listings, nftText }, table) };
}
