/** What follows when an address, a link or a route of this host comes or goes. */
import type { Logger } from "pino";
import { lostSourceMessage, tentativeSourceMessage } from "../groups/instance-on-host.ts";
import type { Health } from "../health/io/health.ts";
import type { JournalEvent } from "../journal/event.ts";
import type { Keepalived } from "../keepalived/io/keepalived.ts";
import { openNetworkMonitor } from "../network/io/monitor.ts";
import type { NetworkCache } from "../network/io/network.ts";

export interface NetworkWatchOptions {
  readonly keepalived: Keepalived;
  readonly health: Health;
  readonly network: NetworkCache;
  readonly record: (event: JournalEvent) => void;
  /** The kernel removed a VIP at the end of its lifetime. */
  readonly onLapse: (address: string) => void;
  /** A VIP was added or removed. */
  readonly onVips: () => void;
  /** Anything else changed. */
  readonly onChange: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Watches until the signal aborts. */
export function watchNetwork(options: NetworkWatchOptions): void {
  const { health, network, record, onVips: onVipChange } = options;
  const { heldVips, applier } = options.keepalived;
  // the others stop hearing a group whose source cannot send: it is held back before the next owner takes over
  const holdAt = (source: string, reason: string): void => {
    const unheard = applier.inForce.filter(({ unicast }) => unicast?.source === source && !unicast.isAlone);
    for (const { name } of unheard) health.setHold(name, reason, "source");
  };
  network.expectReports();
  openNetworkMonitor({
    ...options,
    isVip: (address) => heldVips.addresses.has(address),
    onRemoved: (address, isLapse) => {
      if (!heldVips.addresses.has(address)) record({ kind: "address-lost", address, isVip: false });
      else if (isLapse) options.onLapse(address);
      holdAt(address, lostSourceMessage(address));
    },
    onTentative: (address) => holdAt(address, tentativeSourceMessage(address)),
    onVipChange,
    onEvent: network.invalidate,
    onListening: network.setMonitored,
  });
  // metadata and the first pass need it; they get its failure
  void options.keepalived.leftoversGone.then(network.read).catch(() => undefined);
}
