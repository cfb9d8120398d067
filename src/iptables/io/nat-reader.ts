/** The nat tables of this host, of both backends, read often and at little cost. */
import type { Logger } from "pino";
import { inSharedTurns } from "../../system/turns.ts";
import { type Backend, isNftDue, keepUnchanged, type NatChanges, type NatReads } from "../nat-freshness.ts";
import type { BackendRead } from "../table-read.ts";
import { openLegacyTable } from "./nat-legacy.ts";
import { saveNft } from "./nat-nft.ts";

const ABSENT: BackendRead = { kind: "absent" };
const UNHEARD: NatChanges = { isListening: false, changedAtMs: Number.NEGATIVE_INFINITY };

export interface NatReader {
  /**
   * The rules of legacy as they are at the call or later; those of nft may be the last reading, where `isNftDue` says
   * that it will do. A table that did not change is the same object. Calls that come while a read waits for its turn
   * share it. Never rejects; takes as long as two time-outs at most.
   */
  read(): Promise<NatReads>;
}

export interface NatReaderOptions {
  /** A backend that is not to be looked at reads as `absent`. */
  readonly backend: "auto" | Backend;
  /** For each backend. */
  readonly timeoutMs: number;
  /** Without it nothing is known of changes of nft's rules, and they are read much more often. */
  readonly changes?: NatChanges;
  readonly log: Logger;
  /** Its abort ends all processes for good. */
  readonly signal: AbortSignal;
}

export function openNatReader(options: NatReaderOptions): NatReader {
  const { backend, changes = UNHEARD } = options;
  const legacy = openLegacyTable(options);
  let reads: NatReads = { nft: ABSENT, legacy: ABSENT };
  let nftReadAtMs = Number.NEGATIVE_INFINITY;

  const readAll = async (): Promise<NatReads> => {
    if (backend !== "nft") reads = { ...reads, legacy: keepUnchanged(reads.legacy, await legacy.list()) };
    const nowMs = performance.now();
    if (backend !== "legacy" && isNftDue(reads, changes, { readAtMs: nftReadAtMs, nowMs })) {
      nftReadAtMs = nowMs;
      reads = { ...reads, nft: keepUnchanged(reads.nft, await saveNft(options)) };
    }
    return reads;
  };
  return { read: inSharedTurns(readAll) };
}
