/**
 * When the nat tables are read again.
 *
 * Each read of nft starts a process, so nft is read when its monitor reports a change, and rarely otherwise. Changes of
 * legacy rules are not reported by the kernel. A long-running process lists them, at little cost, at every probe.
 */

import { RANCHER_CHAIN } from "./rancher-chain.ts";
import { isTransient, type NatReads, type TableRead } from "./table-read.ts";

/** What is known of changes of nft's rules. */
export interface NftChanges {
  /** Whether each change is reported now. */
  readonly isListening: boolean;
  /** When rules last changed, or may have changed unreported. Same clock as the times of the reads. */
  readonly changedAtMs: number;
}

/**
 * nft is read at this interval even without a reported change, in case a report was missed. Each read costs a process: at
 * 5 s the reads were a tenth of the CPU time of a quiet agent.
 */
const MAX_AGE_MS = 30_000;
/** Nothing reports a legacy nat table that appears beside nft's. To look for one costs no process. */
const LEGACY_LOOK_MS = 5_000;
/** The same while only legacy has Rancher's chain: then the verdict hardly depends on nft. */
const MAX_AGE_WITHOUT_CHAIN_MS = { listening: 30_000, notListening: 10_000 };
/** The interval there after a reported change or a transient failure: Rancher's rules may be in nft now. */
const RECHECK_WITHOUT_CHAIN_MS = 2_000;
/** nft is read at every probe for this long after a change, because the verdict may depend on what follows. */
const CHANGING_MS = 1_000;

/** Whether the table has Rancher's chain, hooked in or not. */
export function hasRancherChain(read: TableRead): boolean {
  return read.kind === "table" && read.text.includes(`\n:${RANCHER_CHAIN} `);
}

/** Whether nft has to be read again. @param readAtMs when its last read began, -Infinity for none. */
export function isNftReadDue(
  { nft, legacy }: NatReads,
  changes: NftChanges,
  { readAtMs, nowMs }: { readonly readAtMs: number; readonly nowMs: number },
): boolean {
  const ageMs = nowMs - readAtMs;
  const { isListening, changedAtMs } = changes;
  if (hasRancherChain(legacy) && !hasRancherChain(nft)) {
    const isDoubtful = changedAtMs >= readAtMs || (nft.kind === "error" && isTransient(nft));
    if (isDoubtful) return ageMs >= RECHECK_WITHOUT_CHAIN_MS;
    const { listening, notListening } = MAX_AGE_WITHOUT_CHAIN_MS;
    return ageMs >= (isListening ? listening : notListening);
  }
  const isQuiet = isListening && nft.kind !== "error" && nowMs - changedAtMs >= CHANGING_MS;
  return !isQuiet || changedAtMs >= readAtMs || ageMs >= MAX_AGE_MS;
}

/**
 * The shortest useful pause before the next probe while no change is reported. It is 0 unless nft alone has Rancher's
 * chain, since changes of legacy rules are not reported.
 */
export function minPauseMs({ nft, legacy }: NatReads, isListening: boolean): number {
  return isListening && hasRancherChain(nft) && !hasRancherChain(legacy) ? LEGACY_LOOK_MS : 0;
}
