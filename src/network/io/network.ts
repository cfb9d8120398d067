/**
 * The host's network without asking for it each time: a reading is three processes, which a change of metadata would
 * wait for, and holds until the kernel tells of a change.
 */
import type { HostNetwork } from "../host-network.ts";

/** A reading is taken anew after this time, ms, even where no change was told: a lost word costs no more. */
const HOLDS_MS = 60_000;
/** So long after a change others may follow it without a word, as routes do that go with an address, ms. */
const SETTLE_MS = 1_000;

export interface NetworkView {
  /** As it is now, by the last reading where nothing was told since. @throws {AgentError} NETWORK_UNREADABLE */
  read(): Promise<HostNetwork>;
  /** How long the last reading still holds where nothing is told, ms. */
  readonly restMs: number;
  /** Something changed, or may have changed: the last reading holds no more, nor one that is under way. */
  outdate(): void;
  /** Whether changes are told: without that every call reads. Outdates as well. */
  listen(isTold: boolean): void;
}

/** @param readNow the network itself, read at the call or later. */
export function openNetworkView(readNow: () => Promise<HostNetwork>): NetworkView {
  let isListening = false;
  let changes = 0;
  let changedMs = Number.NEGATIVE_INFINITY;
  let last: { readonly network: HostNetwork; readonly untilMs: number } | undefined;
  const outdate = (): void => {
    changes += 1;
    changedMs = performance.now();
    last = undefined;
  };
  return {
    read: async () => {
      const startedMs = performance.now();
      if (last !== undefined && startedMs < last.untilMs) return last.network;
      const before = changes;
      const network = await readNow();
      const isSettled = changes === before && startedMs - changedMs >= SETTLE_MS;
      if (isListening && isSettled) last = { network, untilMs: startedMs + HOLDS_MS };
      return network;
    },
    get restMs() {
      return last === undefined ? HOLDS_MS : Math.max(0, last.untilMs - performance.now());
    },
    outdate,
    listen: (isTold) => {
      isListening = isTold;
      outdate();
    },
  };
}
