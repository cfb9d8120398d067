/**
 * Reads the filter tables of one family again and again, at little cost.
 *
 * The table of legacy is listed by one long-running process. That of nft needs a process for each read. So if there is
 * none, as on a host with legacy rules, the agent looks for it when nft reports a change, and rarely otherwise: in the list of
 * chains that others need, too.
 */
import type { Logger } from "pino";
import type { RuleChanges } from "../nat-schedule.ts";
import { hasChains } from "../native-base-chains.ts";
import type { FilterRead } from "../table-read.ts";
import { createBaseChains } from "./base-chains.ts";
import { type ChainsListing, createSharedChains, type SharedChains } from "./chains-listing.ts";
import { readNftFilter } from "./filter-tables.ts";
import { openLegacyTables } from "./legacy-table.ts";

const TIMEOUT_MS = 5_000;
/** A new filter table of nft without rules, of which nft reports nothing, is noticed after this time at the latest. */
const MAX_AGE_WITHOUT_TABLE_MS = 60_000;

export interface FilterReaderOptions {
  readonly family: FilterRead["family"];
  readonly nftChanges: RuleChanges;
  /** What others list, too. */
  readonly sharedChains?: SharedChains;
  readonly log: Logger;
  /** All processes end when it aborts, and are not started again. */
  readonly signal: AbortSignal;
}

export interface FilterReader {
  /**
   * One call at a time. Never rejects.
   *
   * @param isUrgent reads all tables as they are now. Only then nft's own rules are separated from those that iptables
   * can express.
   */
  read(isUrgent: boolean): Promise<readonly FilterRead[]>;
}

export function openFilterReader({ nftChanges, ...options }: FilterReaderOptions): FilterReader {
  const { family, signal } = options;
  const legacy = openLegacyTables({ ...options, timeoutMs: TIMEOUT_MS });
  const { sharedChains = createSharedChains(signal) } = options;
  /** Of the read that runs: what it asks of nft twice is listed once. */
  let chains: Promise<ChainsListing> | undefined;
  const listChains = (isUrgent: boolean): Promise<ChainsListing> => {
    chains ??= sharedChains.list({ isUrgent, timeoutMs: TIMEOUT_MS });
    return chains;
  };
  const readBeside = createBaseChains(
    { ...options, hook: "forward", timeoutMs: TIMEOUT_MS },
    nftChanges,
    listChains,
  );
  const absent: FilterRead = { family, backend: "nft", read: { kind: "absent" } };
  let nft: FilterRead | undefined;
  /** When the chains were listed without any of the table. */
  let absentAtMs = Number.NEGATIVE_INFINITY;
  const isAbsentStill = (nowMs: number): boolean => {
    const isReported = nftChanges.isListening && nftChanges.changedAtMs < absentAtMs;
    return isReported && nowMs - absentAtMs < MAX_AGE_WITHOUT_TABLE_MS;
  };
  /** A table that had rules has them still, or the read shows that. */
  const readNft = async (isUrgent: boolean): Promise<FilterRead> => {
    const first = nft && hasRules(nft) ? await readNftFilter(family, signal, isUrgent) : undefined;
    if (first !== undefined && hasRules(first)) return first;
    const { read, atMs } = await listChains(isUrgent);
    const isAbsent = read.kind === "table" && hasChains(read.text, family, "filter") === false;
    absentAtMs = isAbsent ? atMs : Number.NEGATIVE_INFINITY;
    return isAbsent ? absent : (first ?? readNftFilter(family, signal, isUrgent));
  };
  return {
    read: async (isUrgent) => {
      chains = undefined;
      if (nft === undefined || isUrgent || !isAbsentStill(performance.now())) nft = await readNft(isUrgent);
      const beside = (await readBeside(isUrgent)).map((text) => besideIn(family, text));
      return [nft, ...beside, { family, backend: "legacy", read: await legacy.read("filter") }];
    },
  };
}

/** A base chain of nft's own. Packets meet it beside the tables of iptables. */
function besideIn(family: FilterRead["family"], text: string): FilterRead {
  return { family, backend: "nft", read: { kind: "table", text } };
}

/** A save that cannot be read may have some. */
function hasRules({ read }: FilterRead): boolean {
  return read.kind === "table" ? /^(?:\[\d+:\d+\] )?-A /m.test(read.text) : read.kind === "error";
}
