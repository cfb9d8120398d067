/**
 * Reads the nat tables of this host for one family, of both backends, often and at little cost.
 *
 * After a change several programs of nft are asked. They run at the same time, because a lost port is noticed at their end.
 */
import type { Logger } from "pino";
import type { Family } from "../../network/address.ts";
import { shareUpcomingRun } from "../../system/serial-queue.ts";
import { hasRancherChain, isLegacyReadDue, isNftReadDue, type RuleChanges } from "../nat-schedule.ts";
import { TABLE_PROGRAMS } from "../save-program.ts";
import { withoutTimesAndCounts } from "../save-text.ts";
import { type Backend, mapText, type NatReads, reuseUnchanged, type TableRead } from "../table-read.ts";
import { createBaseChains } from "./base-chains.ts";
import { type ChainsListing, createSharedChains, type SharedChains } from "./chains-listing.ts";
import { createEarlierTables } from "./earlier-tables.ts";
import { type LegacyMonitor, NO_LEGACY_MONITOR } from "./legacy-monitor.ts";
import { openLegacyTables } from "./legacy-table.ts";
import { createNativeNat } from "./native-nat.ts";
import { readTable } from "./read-table.ts";

const ABSENT: TableRead = { kind: "absent" };
const NOT_LISTENING: RuleChanges = { isListening: false, changedAtMs: Number.NEGATIVE_INFINITY };

export interface NatReader {
  /**
   * The rules of each backend are those of the last read unless `isLegacyReadDue` or `isNftReadDue`. A table that did not change is the same object. Calls that arrive while a read waits for its turn
   * share it. Never rejects. Takes eight time-outs at most.
   */
  read(): Promise<NatReads>;
  /** The next read lists legacy's rules. A rewrite of the same layout is told late, or not at all. */
  invalidateLegacy(): void;
}

export interface NatReaderOptions {
  readonly family: Family;
  /** With one backend chosen, the other one is not read and counts as `absent`. */
  readonly backend: "auto" | Backend;
  /** The limit for one read of one backend. */
  readonly timeoutMs: number;
  /** Without it, changes of nft's rules are not known, and they are read much more often. */
  readonly changes?: RuleChanges;
  /** The same for legacy. It is started where Rancher's chain is found there. */
  readonly legacyChanges?: LegacyMonitor;
  /** What others list, too. */
  readonly sharedChains?: SharedChains;
  readonly log: Logger;
  /** All processes end when it aborts, and are not started again. */
  readonly signal: AbortSignal;
}

export function openNatReader(options: NatReaderOptions): NatReader {
  const { backend, family, changes = NOT_LISTENING, legacyChanges = NO_LEGACY_MONITOR } = options;
  const legacy = openLegacyTables(options);
  const complete = createNativeNat({ ...options, table: "nat" });
  const { sharedChains = createSharedChains(options.signal) } = options;
  /** Of the read that runs: what it asks of nft twice is listed once. */
  let chains: Promise<ChainsListing> | undefined;
  const listChains = (isUrgent: boolean): Promise<ChainsListing> => {
    chains ??= sharedChains.list({ isUrgent, timeoutMs: options.timeoutMs });
    return chains;
  };
  const allChanges = { nft: changes, legacy: legacyChanges };
  const readEarlier = createEarlierTables({ ...options, listChains }, legacy, allChanges);
  const readBeside = createBaseChains({ ...options, hook: "prerouting" }, changes, listChains);
  let reads: NatReads = { nft: ABSENT, legacy: ABSENT };
  let nftReadAtMs = Number.NEGATIVE_INFINITY;
  let nftUntoldAtMs = Number.NEGATIVE_INFINITY;
  let legacyReadAtMs = Number.NEGATIVE_INFINITY;

  const readLegacy = async (): Promise<TableRead> => {
    const isReported = legacyChanges.changedAtMs >= legacyReadAtMs;
    legacyReadAtMs = performance.now();
    const read = reuseUnchanged(reads.legacy, await legacy.read("nat"));
    const isUntold = reads.legacy.kind === "table" && read.kind === "table" && !isReported;
    if (isUntold && read !== reads.legacy) legacyChanges.doubt();
    if (hasRancherChain(read)) legacyChanges.start();
    return read;
  };
  const readNft = async (): Promise<TableRead> => {
    const isReported = changes.changedAtMs >= nftReadAtMs;
    nftReadAtMs = performance.now();
    const saving = readTable(`${TABLE_PROGRAMS[family]}-nft-save`, ["-t", "nat"], options);
    const completing = saving.then((save) => complete(mapText(save, withoutTimesAndCounts)));
    const [whole, beside] = await Promise.all([completing, readBeside()]);
    const read = reuseUnchanged(reads.nft, withBeside(whole, beside));
    const isUntold = reads.nft.kind === "table" && read.kind === "table" && !isReported;
    if (isUntold && read !== reads.nft) nftUntoldAtMs = nftReadAtMs;
    return read;
  };
  const isNftDue = (nowMs: number): boolean =>
    isNftReadDue(reads, changes, { readAtMs: nftReadAtMs, nowMs }, nftUntoldAtMs);
  const isLegacyDue = (nowMs: number): boolean =>
    isLegacyReadDue(reads.legacy, legacyChanges, { readAtMs: legacyReadAtMs, nowMs });

  const readAll = async (): Promise<NatReads> => {
    chains = undefined;
    if (backend !== "nft" && isLegacyDue(performance.now())) reads = { ...reads, legacy: await readLegacy() };
    const isNftWanted = backend !== "legacy" && isNftDue(performance.now());
    const [nft, earlier] = await Promise.all([isNftWanted ? readNft() : reads.nft, readEarlier()]);
    reads = { nft, legacy: reads.legacy, ...(earlier.length > 0 && { earlier }) };
    return reads;
  };
  return {
    read: shareUpcomingRun(readAll),
    invalidateLegacy: () => {
      legacyReadAtMs = Number.NEGATIVE_INFINITY;
    },
  };
}

function withBeside(read: TableRead, beside: readonly string[]): TableRead {
  return read.kind === "table" && beside.length > 0 ? { ...read, beside } : read;
}
