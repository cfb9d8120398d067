/**
 * The lease, wired: the listener process renews it, the verification judges it, and the journal learns why a VIP is gone.
 *
 * A VIP that keepalived did not remove ran out, or another program removed it. keepalived reports both alike, and the
 * kernel's own report may come a moment later. So keepalived's report waits for the kernel's.
 */
import type { Logger } from "pino";
import { withGroups } from "../journal/affected.ts";
import type { JournalEvent } from "../journal/event.ts";
import { pidFilesIn } from "../keepalived/command.ts";
import { type Lease, openLease } from "../lease/io/lease.ts";
import { type ObservedAddresses, observeIn } from "../network/host-network.ts";
import { observeAddresses } from "../network/io/iproute.ts";
import type { NetworkCache } from "../network/io/network.ts";
import type { Settings } from "../settings/settings.ts";
import type { StatusStore } from "../status/io/store.ts";
import type { StateDir } from "../system/io/state-dir.ts";
import type { Instance } from "../vrrp/instance.ts";

/** Longer than the two reports are apart. */
const WAIT_MS = 500;
/** The end of a lease explains keepalived's reports for this long. */
const RECENT_MS = 2_000;

export interface VipLeaseOptions {
  readonly settings: Settings;
  readonly stateDir: StateDir;
  readonly store: StatusStore;
  readonly network: Pick<NetworkCache, "known">;
  readonly record: (event: JournalEvent) => void;
  /** The verification should run. */
  readonly onDoubt: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface VipLease extends Lease {
  /** The kernel removed a VIP at the end of its lifetime. */
  noteLapse(address: string): void;
  /**
   * Tells which of the VIPs the kernel has, and judges their lifetimes.
   *
   * @param isUrgent reads it now. Otherwise it may be what the network cache knows.
   */
  observeVips(addresses: ReadonlySet<string>, isUrgent: boolean): Promise<ObservedAddresses>;
  /** Records the reason that keepalived's log gives, with the groups that it affects. */
  record(event: JournalEvent | undefined): void;
}

export function openVipLease(options: VipLeaseOptions): VipLease {
  const { settings, stateDir, store, network, record } = options;
  const seconds = settings.agent.vipLeaseSeconds;
  let holders: readonly Instance[] = [];
  const lapsedMs = new Map<string, number>();
  const lease = openLease({
    ...options,
    seconds,
    pidFile: pidFilesIn(stateDir.path).vrrp,
    onStatus: (vipLease) => store.update({ vipLease }),
    report: store.reportOf("lease"),
    log: options.log.child({ component: "lease" }),
  });
  /** The kernel does not announce that a VIP got its lifetime, so what is known without one may be older. */
  const observeKnown = (addresses: ReadonlySet<string>): ObservedAddresses | undefined => {
    const observed = network.known && observeIn(network.known.interfaces, addresses);
    const isBare = seconds !== undefined && observed?.held.some(({ hasLifetime }) => !hasLifetime);
    return isBare === true ? undefined : observed;
  };
  return {
    ...lease,
    setInstances: (instances) => {
      holders = instances;
      lease.setInstances(instances);
    },
    noteLapse: (address) => {
      const nowMs = performance.now();
      for (const [known, atMs] of lapsedMs) if (nowMs - atMs > WAIT_MS + RECENT_MS) lapsedMs.delete(known);
      lapsedMs.set(address, nowMs);
      record(withGroups({ kind: "lease-ended", address }, holders));
    },
    observeVips: async (addresses, isUrgent) => {
      const known = isUrgent ? undefined : observeKnown(addresses);
      const observed = known ?? (await observeAddresses(addresses));
      lease.judge(observed.held);
      return observed;
    },
    record: (reason) => {
      const event = reason && withGroups(reason, holders);
      if (event?.kind !== "address-lost") return event && record(event);
      const { address } = event;
      const recordUnlessLapsed = () => {
        const sinceMs = performance.now() - (lapsedMs.get(address) ?? Number.NEGATIVE_INFINITY);
        if (sinceMs > RECENT_MS) record(event);
      };
      setTimeout(recordUnlessLapsed, WAIT_MS).unref();
    },
  };
}
