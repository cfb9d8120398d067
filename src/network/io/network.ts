/**
 * Caches the host's network until the kernel reports a change. A call during a reading that may be kept shares that reading. A
 * reading starts three processes, and a change of metadata would wait for them.
 */
import type { HostNetwork } from "../host-network.ts";

/** A reading is at most this old, in case a report of the kernel was lost. */
const MAX_AGE_MS = 60_000;
/** Until the monitor is ready, some changes may be missed, so earlier readings are discarded when it is. */
const MAX_AGE_AT_START_MS = 1_000;
/** Nothing is cached this soon after a change: others may follow without a report, as the routes of a lost address do. */
const QUIET_MS = 1_000;

/** A network that changes all the time is read again at most this many times. */
const MAX_READS_AGAIN = 2;

export interface NetworkCache {
  /** The network as it is now. @throws {AgentError} NETWORK_UNREADABLE */
  read(): Promise<HostNetwork>;
  /** The last reading where it still holds: nothing is read for it. */
  readonly known: HostNetwork | undefined;
  /** How long the last reading is still used, unless the kernel reports a change. */
  readonly validForMs: number;
  /** Discards the last reading, and one that is under way. */
  invalidate(): void;
  /** The kernel's reports are about to arrive, which `setMonitored` will tell. */
  expectReports(): void;
  /** Whether the kernel's reports arrive. While they neither do nor are expected, every call reads. Invalidates as well. */
  setMonitored(isMonitored: boolean): void;
}

/** @param readNow reads the network itself, not before it is called. */
export function createNetworkCache(readNow: () => Promise<HostNetwork>): NetworkCache {
  /** How long a reading is used; 0 without reports. */
  let maxAgeMs = 0;
  let changes = 0;
  let changedMs = Number.NEGATIVE_INFINITY;
  let last: { readonly network: HostNetwork; readonly untilMs: number } | undefined;
  let current: { readonly reading: Promise<HostNetwork>; readonly after: number } | undefined;
  const invalidate = (): void => {
    changes += 1;
    changedMs = performance.now();
    last = undefined;
  };
  const mayKeep = (startedMs: number): boolean => maxAgeMs > 0 && startedMs - changedMs >= QUIET_MS;
  const read = async (startedMs: number): Promise<HostNetwork> => {
    let before = changes;
    let network = await readNow();
    // a change during the reading may be missing in it, and it must not end a hold that this change began
    for (let again = 0; changes !== before && again < MAX_READS_AGAIN; again += 1) {
      before = changes;
      network = await readNow();
    }
    if (changes === before && mayKeep(startedMs)) last = { network, untilMs: startedMs + maxAgeMs };
    return network;
  };
  const knownAt = (nowMs: number) => (last !== undefined && nowMs < last.untilMs ? last.network : undefined);
  return {
    read: () => {
      const nowMs = performance.now();
      const known = knownAt(nowMs);
      if (known !== undefined) return Promise.resolve(known);
      if (current?.after === changes && mayKeep(nowMs)) return current.reading;
      const reading = read(nowMs);
      const mine = { reading, after: changes };
      const end = () => {
        if (current === mine) current = undefined;
      };
      current = mine;
      reading.then(end, end);
      return reading;
    },
    get known() {
      return knownAt(performance.now());
    },
    get validForMs() {
      if (last === undefined || maxAgeMs < MAX_AGE_MS) return MAX_AGE_MS;
      return Math.max(0, last.untilMs - performance.now());
    },
    invalidate,
    expectReports: () => {
      maxAgeMs = MAX_AGE_AT_START_MS;
    },
    setMonitored: (isMonitored) => {
      maxAgeMs = isMonitored ? MAX_AGE_MS : 0;
      invalidate();
    },
  };
}
