/**
 * When the nat tables are read again.
 *
 * Each read of nft starts a process, so nft is read when its monitor reports a change, and rarely otherwise. The rules of
 * legacy are listed by a long-running process: when the program that polls them reports a change, and rarely otherwise. Where
 * it does not run, they are listed at every probe.
 */

import { RANCHER_CHAIN } from "./rancher-chain.ts";
import { type Backend, isTransient, type NatReads, type TableRead } from "./table-read.ts";

/** What is known of changes of the rules of one backend. */
export interface RuleChanges {
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
/**
 * For a while after a change, and after the monitor's start, reports are missed most easily: then it is read this often. So it is
 * after a change that was not reported, until the next report: the monitor may hang.
 */
const AFTER_CHANGE = { lastsMs: 20_000, maxAgeMs: 5_000 };
/** The same for legacy, whose listing costs no process. Nothing reports a legacy table that appears beside nft's. */
const LEGACY_AGE_MS = 5_000;
/** The same for nft while only legacy has Rancher's chain: then the verdict hardly depends on nft. */
const MAX_AGE_WITHOUT_CHAIN_MS = { listening: 30_000, notListening: 10_000 };
/** The interval there after a reported change or a transient failure: Rancher's rules may be in nft now. */
const RECHECK_WITHOUT_CHAIN_MS = 2_000;
/** Reads come with probes, at common moments of the agent. One that comes this little before its time is not put off to the next. */
export const EARLY_MS = 250;
/** The backend is read at every probe for this long after a change, because the verdict may depend on what follows. */
const CHANGING_MS = 1_000;

/** Whether the table has Rancher's chain, hooked in or not. */
export function hasRancherChain(read: TableRead): boolean {
  return read.kind === "table" && read.text.includes(`\n:${RANCHER_CHAIN} `);
}

interface ReadTimes {
  /** When the last read began, -Infinity for none. */
  readonly readAtMs: number;
  readonly nowMs: number;
}

/** Whether the nat table of legacy has to be read again. */
export function isLegacyReadDue(
  legacy: TableRead,
  { isListening, changedAtMs }: RuleChanges,
  { readAtMs, nowMs }: ReadTimes,
): boolean {
  const isQuiet = isListening && legacy.kind === "table" && nowMs - changedAtMs >= CHANGING_MS;
  return !isQuiet || changedAtMs >= readAtMs || nowMs - readAtMs + EARLY_MS >= LEGACY_AGE_MS;
}

/** Whether nft has to be read again. @param untoldAtMs when a read last found a change that was not reported. */
export function isNftReadDue(
  { nft, legacy }: NatReads,
  changes: RuleChanges,
  { readAtMs, nowMs }: ReadTimes,
  untoldAtMs = Number.NEGATIVE_INFINITY,
): boolean {
  const ageMs = nowMs - readAtMs + EARLY_MS;
  const { isListening, changedAtMs } = changes;
  if (hasRancherChain(legacy) && !hasRancherChain(nft)) {
    const isDoubtful = changedAtMs >= readAtMs || (nft.kind === "error" && isTransient(nft));
    if (isDoubtful) return ageMs >= RECHECK_WITHOUT_CHAIN_MS;
    const { listening, notListening } = MAX_AGE_WITHOUT_CHAIN_MS;
    return ageMs >= (isListening ? listening : notListening);
  }
  const isQuiet = isListening && nft.kind !== "error" && nowMs - changedAtMs >= CHANGING_MS;
  const isDoubtful = nowMs - changedAtMs < AFTER_CHANGE.lastsMs || untoldAtMs > changedAtMs;
  const maxAgeMs = isDoubtful ? AFTER_CHANGE.maxAgeMs : MAX_AGE_MS;
  return !isQuiet || changedAtMs >= readAtMs || ageMs >= maxAgeMs;
}

/**
 * The shortest useful pause before the next probe while no change is reported. It is 0 unless some backend has Rancher's
 * chain, and changes of each that has it are reported.
 */
export function minPauseMs(reads: NatReads, isListening: Readonly<Record<Backend, boolean>>): number {
  const holders = (["nft", "legacy"] as const).filter((backend) => hasRancherChain(reads[backend]));
  return holders.length > 0 && holders.every((backend) => isListening[backend]) ? LEGACY_AGE_MS : 0;
}
