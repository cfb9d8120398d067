/** The parts that keep an owner honest: its adverts are sent, and its VIPs are where they should be. */
import type { Logger } from "pino";
import type { Health } from "../health/io/health.ts";
import type { RuleChanges } from "../iptables/nat-schedule.ts";
import type { Keepalived } from "../keepalived/io/keepalived.ts";
import { findInterface, linkLocalOf } from "../network/host-network.ts";
import { observeAddresses } from "../network/io/iproute.ts";
import type { NetworkCache } from "../network/io/network.ts";
import { lookForUnsentCause } from "../sending/io/explain-unsent.ts";
import { type Notrack, openNotrack } from "../sending/io/notrack.ts";
import { probeSending } from "../sending/io/send-probe.ts";
import { openSending, type Sending } from "../sending/io/sending.ts";
import type { Settings } from "../settings/settings.ts";
import type { Remedy } from "../status/contradiction.ts";
import { createRefusedVips, type RefusedVips } from "../status/io/refused-vips.ts";
import type { StatusStore } from "../status/io/store.ts";
import { isHeld } from "../status/missing-vip.ts";
import { readSysctl } from "../system/io/proc.ts";

export interface OwnerPartsOptions {
  readonly settings: Settings;
  readonly keepalived: Keepalived;
  readonly network: NetworkCache;
  readonly store: StatusStore;
  readonly setHold: Health["setHold"];
  /** Addresses that somebody on the link has or may get. */
  readonly takenAddresses: () => ReadonlySet<string>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

type SubscribeRules = (onChange: () => void) => RuleChanges;

export interface OwnSending extends Sending, Pick<Notrack, "closeAfter"> {
  /** Also looks at its own rules whenever the one subscriber is told of a change. */
  shareRules(subscribe: SubscribeRules): SubscribeRules;
}

/** Keeps adverts out of connection tracking, and holds groups whose adverts cannot be sent. */
export function openOwnSending(options: OwnerPartsOptions): OwnSending {
  const { settings, keepalived, network, store, setHold, takenAddresses, log, signal } = options;
  const notrack = openNotrack({
    isWanted: settings.agent.isAdvertUntracked,
    backend: settings.agent.iptablesBackend,
    log: log.child({ component: "vrrp" }),
    signal,
  });
  const sending = openSending({
    setHold: (group, reason) => setHold(group, reason, "sending"),
    probe: async (instance) => {
      const link = findInterface(await network.read(), instance.interface);
      const source = link?.mac === undefined ? undefined : { mac: link.mac, linkLocal: linkLocalOf(link) };
      const ofMembers = store.status.members.flatMap(({ addresses }) => addresses);
      const taken = new Set([...takenAddresses(), ...keepalived.heldVips.addresses, ...ofMembers]);
      return probeSending(instance, { source, taken }, signal);
    },
    explain: (instance, destination, error) => lookForUnsentCause(instance, destination, error, signal),
    report: store.reportOf("sending"),
    log: log.child({ component: "vrrp" }),
    signal,
  });
  return {
    observe: sending.observe,
    noteFrame: sending.noteFrame,
    setInForce: ({ instances }) => {
      sending.setInForce({ instances });
      notrack.setInstances(instances);
    },
    shareRules: (subscribe) => (onChange) =>
      subscribe(() => {
        onChange();
        notrack.checkSoon();
      }),
    closeAfter: notrack.closeAfter,
  };
}

/** Puts VIPs back that an owner lacks. */
export function openRefusedVips({ keepalived, store, setHold, log, signal }: OwnerPartsOptions): RefusedVips {
  return createRefusedVips({
    report: store.reportOf("vips"),
    reload: () => keepalived.reread("a virtual IP is missing"),
    restore: (vip) => keepalived.restoreVip(vip.group, vip),
    isThere: async (vip) => isHeld(vip, (await observeAddresses(keepalived.heldVips.addresses)).held),
    setHold: (group, reason) => setHold(group, reason, "vip"),
    sysctl: readSysctl,
    log: log.child({ component: "vips" }),
    signal,
  });
}

/**
 * Ends a contradiction between keepalived's states and the kernel's addresses.
 *
 * @returns what applies a remedy. It never rejects.
 */
export function createRemedies(keepalived: Keepalived, refusedVips: RefusedVips) {
  return async (remedy: Remedy): Promise<void> => {
    switch (remedy.kind) {
      case "remove":
        return keepalived.removeVips(remedy.addresses);
      case "reload":
        return keepalived.reread(remedy.why);
      case "replace":
        return keepalived.restart(remedy.why, remedy.how);
      case "hold":
        return refusedVips.hold(remedy.group, remedy.vip);
    }
  };
}
