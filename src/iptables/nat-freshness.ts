/** Readings of the nat tables over time: which are the same, and which are due. */

import { RANCHER_CHAIN } from "./nat-walk.ts";
import { type BackendRead, isPassing } from "./table-read.ts";

export type Backend = "nft" | "legacy";
export type NatReads = Readonly<Record<Backend, BackendRead>>;

/** What is known of changes of nft's rules. Those of legacy change without a word. */
export interface NatChanges {
  /** Whether each change is told now. */
  readonly isListening: boolean;
  /** When rules changed last, or may have changed unheard; ms of the clock that tells the readings' times. */
  readonly changedAtMs: number;
}

/**
 * How old a reading of nft may be, ms, while no change was told. Events are only believed for so long; each reading is a
 * process, and they were a third of what a quiet agent costs at one every 2 s.
 */
const MAX_AGE_MS = 5_000;
/** The same while legacy has Rancher's chain, and nft has not: then little hangs on it. */
const MAX_AGE_ELSEWHERE_MS = { told: 30_000, untold: 10_000 };
/** There, between two readings while nft is changed, or cannot be read, ms. */
const GAP_ELSEWHERE_MS = 2_000;
/** So long after a change it may go on, and a verdict may hang on it, ms: each look has a reading of its own. */
const SETTLE_MS = 1_000;

/** Whether it has Rancher's chain, hooked or not. */
export function holdsRancherChain(read: BackendRead): boolean {
  return read.kind === "table" && read.text.includes(`\n:${RANCHER_CHAIN} `);
}

/** Whether nft has to be read again. @param readAtMs when its last reading began; -Infinity for none. */
export function isNftDue(
  { nft, legacy }: NatReads,
  changes: NatChanges,
  { readAtMs, nowMs }: { readonly readAtMs: number; readonly nowMs: number },
): boolean {
  const ageMs = nowMs - readAtMs;
  const { isListening, changedAtMs } = changes;
  if (holdsRancherChain(legacy) && !holdsRancherChain(nft)) {
    // a verdict may hang on it: Rancher's rules have come to nft, or may have
    const isDoubtful = changedAtMs >= readAtMs || (nft.kind === "error" && isPassing(nft));
    const { told, untold } = MAX_AGE_ELSEWHERE_MS;
    return ageMs >= (isDoubtful ? GAP_ELSEWHERE_MS : isListening ? told : untold);
  }
  const isSettled = isListening && nft.kind !== "error" && nowMs - changedAtMs >= SETTLE_MS;
  return !isSettled || changedAtMs >= readAtMs || ageMs >= MAX_AGE_MS;
}

/** The least time to the next look while no change was told, ms; 0 where a change of legacy's rules would matter. */
export function restMs({ nft, legacy }: NatReads, isListening: boolean): number {
  return isListening && holdsRancherChain(nft) && !holdsRancherChain(legacy) ? MAX_AGE_MS : 0;
}

/** `read`, or `before` itself where both are the same table: who compares objects sees at once that nothing is new. */
export function keepUnchanged(before: BackendRead, read: BackendRead): BackendRead {
  const isSame = before.kind === "table" && read.kind === "table" && before.text === read.text;
  return isSame ? before : read;
}
