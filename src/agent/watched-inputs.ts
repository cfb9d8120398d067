/** What the agent watches besides metadata: drain orders, the network of this host, and the template. */
import { watchTemplate } from "../conf/io/template.ts";
import { watchDrainOrders } from "../drain/io/drain.ts";
import { lostSourceMessage, tentativeSourceMessage } from "../groups/instance-on-host.ts";
import type { Health } from "../health/io/health.ts";
import type { JournalEvent } from "../journal/event.ts";
import type { Keepalived } from "../keepalived/io/keepalived.ts";
import type { NetworkMonitor } from "../network/io/monitor.ts";
import type { NetworkCache } from "../network/io/network.ts";
import type { RefusedVips } from "../status/io/refused-vips.ts";
import type { Shared } from "./shared.ts";
import type { VipLease } from "./vip-lease.ts";

export interface WatchedInputsOptions extends Shared {
  readonly keepalived: Keepalived;
  readonly lease: Pick<VipLease, "noteLapse">;
  readonly health: Health;
  readonly refusedVips: Pick<RefusedVips, "retry">;
}

/** Resolves once the drain orders of earlier runs are in force. */
export async function watchInputs(options: WatchedInputsOptions): Promise<void> {
  const { health, lease, refusedVips, store, stateDir, trigger, verifyTrigger, log, signal } = options;
  watchOwnTemplate(options);
  watchNetwork({
    ...options,
    onLapse: lease.noteLapse,
    onVips: verifyTrigger.fire,
    onChange: () => {
      refusedVips.retry();
      verifyTrigger.fire();
      trigger.fire();
    },
  });
  await watchDrainOrders({
    stateDir: stateDir.path,
    onOrders: (drain) => {
      health.setDrainOrders(drain);
      store.update({ drain });
    },
    report: store.reportOf("drain"),
    log,
    signal,
  });
}

/** The template that ships with the agent is a part of the program: it changes with the program's version. */
function watchOwnTemplate({ settings, trigger, log, signal }: Shared): void {
  const { templatePath } = settings.agent;
  if (templatePath === undefined) return;
  const onError = (err: unknown) => log.warn({ err }, "cannot watch the template");
  // an edit before the watch has begun is found by the pass after that, so nothing waits for it
  void watchTemplate(templatePath, { onChange: trigger.fire, onError, signal }).then(trigger.fire);
}

interface NetworkWatchOptions {
  readonly keepalived: Keepalived;
  readonly health: Health;
  readonly network: NetworkCache;
  readonly networkMonitor: NetworkMonitor;
  readonly record: (event: JournalEvent) => void;
  /** The kernel removed a VIP at the end of its lifetime. */
  readonly onLapse: (address: string) => void;
  /** A VIP was added or removed. */
  readonly onVips: () => void;
  /** Anything else changed. */
  readonly onChange: () => void;
  readonly signal: AbortSignal;
}

/** What follows when an address, a link or a route of this host comes or goes. Watches until the signal aborts. */
function watchNetwork(options: NetworkWatchOptions): void {
  const { health, network, record, onVips: onVipChange } = options;
  const { heldVips, applier } = options.keepalived;
  // the others stop hearing a group whose source cannot send: it is held back before the next owner takes over
  const holdAt = (source: string, reason: string): void => {
    const unheard = applier.inForce.filter(({ unicast }) => unicast?.source === source && !unicast.isAlone);
    for (const { name } of unheard) health.setHold(name, reason, "source");
  };
  network.expectReports();
  options.networkMonitor.watch({
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
