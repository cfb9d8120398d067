/** What looks need of the rules of this host; src/agent/nat-reader.ts reads them. */
import type { NatReads } from "../core/nat-reading.ts";

export interface NatReader {
  /**
   * The rules of legacy as they are at the call or later; those of nft may be the last reading, where `isNftDue` says
   * that it will do. A table that did not change is the same object. Calls that come while a read waits for its turn
   * share it. Never rejects; takes as long as two time-outs at most.
   */
  read(): Promise<NatReads>;
}
