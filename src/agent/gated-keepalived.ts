/** keepalived with what guards it on this host, wired: the gate before it, and the lease of its VIPs. */
import { createGate, type Gate } from "../gate/io/gate.ts";
import { journalEventOf } from "../journal/log-events.ts";
import { type Keepalived, openKeepalived } from "../keepalived/io/keepalived.ts";
import type { LogLine } from "../keepalived/log-line.ts";
import type { PreviousOwner } from "../keepalived/previous-owner.ts";
import type { Shared } from "./shared.ts";
import { openVipLease, type VipLease } from "./vip-lease.ts";

export interface GatedKeepalivedOptions extends Shared {
  /** Why no group may own its VIPs on this host; undefined once they may again. */
  readonly onGateHold: (reason: string | undefined) => void;
  readonly onLine: (line: LogLine) => void;
  /** This host became owner of the group. `counted` is what keepalived's counters say of the previous owner. */
  readonly onPreviousOwner: (group: string, counted: PreviousOwner) => void;
  /** Gets what ends with the agent: keepalived first, then the gate. */
  readonly add: (end: Promise<void>) => void;
}

export interface GatedKeepalived {
  readonly keepalived: Keepalived;
  readonly gate: Gate;
  readonly lease: VipLease;
}

/**
 * keepalived is started by the first configuration, behind a gate that is up. If the VIPs of an earlier run are gone for
 * certain, the gate is prepared early: with its tag this host would answer for them. Otherwise it opens when keepalived starts.
 */
export async function openGatedKeepalived(options: GatedKeepalivedOptions): Promise<GatedKeepalived> {
  const { store, verifyTrigger, metadata, record, log } = options;
  const gate = createGate({
    report: store.reportOf("gate"),
    onStatus: (status) => store.update({ gate: status }),
    onHold: options.onGateHold,
    log: log.child({ component: "gate" }),
    signal: options.signal,
  });
  const lease = openVipLease({ ...options, onDoubt: verifyTrigger.fire });
  const keepalived = await openKeepalived({
    ...options,
    onInstances: lease.setInstances,
    onHeldVips: gate.setVips,
    onOpen: (ended) => {
      options.add(ended);
      options.add(gate.closeAfter(ended));
    },
    beforeStart: gate.open,
    startedAt: store.status.agent.startedAt,
    report: store.reportOf("keepalived"),
    onStatus: store.update,
    onStates: verifyTrigger.fire,
    onLine: (line) => {
      options.onLine(line);
      lease.record(journalEventOf(line, metadata.hostNameOf));
    },
    onEnd: (reason) => record({ kind: "keepalived-ended", reason }),
  });
  void keepalived.leftoversGone.then((areGone) => {
    if (areGone) gate.prepare();
  });
  return { keepalived, gate, lease };
}
