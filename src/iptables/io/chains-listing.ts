/**
 * Lists the chains of nft for all who look for some there. Each has its own times, and each listing starts a process. So a
 * listing serves the others for a while, but only if nft reports changes and has reported none since.
 */
import type { RuleChanges } from "../nat-schedule.ts";
import type { TableRead } from "../table-read.ts";
import { readTable } from "./read-table.ts";

/** Well below the age at which each reads again. The age of a listing is counted from its beginning, for all. */
const SHARED_MS = 45_000;

export interface ChainsListing {
  readonly read: TableRead;
  /** When it began. */
  readonly atMs: number;
}

export interface SharedChains {
  /**
   * As the chains are at the call or later, or as a listing found them that is shared. A failure is never shared. Never
   * rejects.
   *
   * @param isUrgent takes none that began before the call.
   */
  list(options: { readonly isUrgent: boolean; readonly timeoutMs: number }): Promise<ChainsListing>;
}

/** @param changes without it, nothing is shared. @param signal ends the listings. */
export function createSharedChains(signal: AbortSignal, changes?: RuleChanges): SharedChains {
  let last: ChainsListing | undefined;
  const isShared = ({ atMs }: ChainsListing, nowMs: number): boolean =>
    changes?.isListening === true && changes.changedAtMs < atMs && nowMs - atMs < SHARED_MS;
  return {
    list: async ({ isUrgent, timeoutMs }) => {
      const atMs = performance.now();
      if (!isUrgent && last !== undefined && isShared(last, atMs)) return last;
      const read = await readTable("nft", ["-j", "list", "chains"], { timeoutMs, signal });
      const listing = { read, atMs };
      if (read.kind === "table" && atMs > (last?.atMs ?? 0)) last = listing;
      return listing;
    },
  };
}
