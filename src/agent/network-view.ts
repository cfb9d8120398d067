/**
 * The host's network without asking for it each time: a reading is three processes, which a change of metadata would
 * wait for, and holds until the kernel tells of a change.
 */
import type { LocalNetwork } from "../core/local-network.ts";

/** A reading is taken anew after this time, ms, even where no change was told: a lost word costs no more. */
const HOLDS_MS = 30_000;

export interface NetworkView {
  /** As it is now, by the last reading where nothing was told since. @throws {AgentError} NETWORK_UNREADABLE */
  read(): Promise<LocalNetwork>;
  /** Something changed, or may have changed: the last reading holds no more, nor one that is under way. */
  outdate(): void;
  /** Whether changes are told: without that every call reads. Outdates as well. */
  listen(isTold: boolean): void;
}

/** @param readNow the network itself, read at the call or later. */
export function openNetworkView(readNow: () => Promise<LocalNetwork>): NetworkView {
  let isListening = false;
  let changes = 0;
  let last: { readonly network: LocalNetwork; readonly untilMs: number } | undefined;
  const outdate = (): void => {
    changes += 1;
    last = undefined;
  };
  return {
    read: async () => {
      const startedMs = performance.now();
      if (last !== undefined && startedMs < last.untilMs) return last.network;
      const before = changes;
      const network = await readNow();
      if (isListening && changes === before) last = { network, untilMs: startedMs + HOLDS_MS };
      return network;
    },
    outdate,
    listen: (isTold) => {
      isListening = isTold;
      outdate();
    },
  };
}
