/** Notes on a host that are not problems: kernel settings, and what is missing for rare uses. */

import type { GateStatus } from "../gate/status.ts";
import type { InstanceStatus } from "../keepalived/instance-status.ts";
import type { SchedulingStatus } from "../keepalived/scheduling.ts";
import type { LeaseStatus } from "../lease/status.ts";
import { familyOf, isIpv6 } from "../network/address.ts";
import type { HostNetwork } from "../network/host-network.ts";
import type { Capability } from "../system/capabilities.ts";

export interface NoteFacts {
  readonly missingCapabilities: readonly Capability[];
  readonly missingPrograms: readonly string[];
  /** The value of a name such as `net.ipv4.conf.eth0.rp_filter`; undefined where it cannot be read. */
  readonly sysctl: (name: string) => number | undefined;
  readonly groups: readonly InstanceStatus[];
  readonly scheduling: SchedulingStatus;
  readonly gate: GateStatus;
  readonly lease: LeaseStatus;
  readonly network: HostNetwork | undefined;
}

/** One sentence per note. */
export function deriveHostNotes(facts: NoteFacts): string[] {
  return [
    ...noteOnNonlocalBind(facts),
    ...noteOnMissing(facts),
    ...noteOnScheduling(facts),
    ...noteOnGate(facts),
    ...noteOnLease(facts),
    ...new Set(facts.groups.flatMap((group) => noteOnGroup(group, facts))),
  ];
}

function noteOnNonlocalBind({ groups, sysctl }: NoteFacts): string[] {
  const families = new Set(groups.flatMap(({ vips }) => vips.map((vip) => familyOf(vip))));
  const names = [...families].toSorted().map((family) => `net.${family}.ip_nonlocal_bind`);
  return names.flatMap((name) => {
    const value = sysctl(name);
    if (value === undefined) return [];
    return value === 0
      ? `${name} is 0: a service that listens on a VIP can start only on its owner; services that listen on all addresses are not affected. \`sysctl -w ${name}=1\` lets it start on every host`
      : `${name} is ${value}: a service can listen on a VIP that another host owns`;
  });
}

function noteOnMissing({ missingCapabilities, missingPrograms }: NoteFacts): string[] {
  return [
    ...(missingCapabilities.includes("NET_BROADCAST")
      ? ["NET_BROADCAST is missing: keepalived 2.2.7 runs without it, and there is nothing to do"]
      : []),
    ...(missingPrograms.includes("perl")
      ? [
          "perl is missing: planned changes cannot hear the other hosts, no split brain is detected, and changes of the network are noticed within a minute. Install perl, or run the agent's own image",
        ]
      : []),
  ];
}

function noteOnScheduling({ scheduling, sysctl }: NoteFacts): string[] {
  if (scheduling.phase === "refused") {
    const { reason, hint } = scheduling;
    return [`keepalived runs without real-time priority (${reason}). ${hint}`];
  }
  const isUnbounded = scheduling.phase === "realtime" && sysctl("kernel.sched_rt_runtime_us") === -1;
  return isUnbounded
    ? [
        "kernel.sched_rt_runtime_us is -1: a keepalived that never stops computing takes a whole CPU. `sysctl -w kernel.sched_rt_runtime_us=950000` leaves 5 % to the other programs",
      ]
    : [];
}

function noteOnGate({ gate }: NoteFacts): string[] {
  if (gate.phase !== "unavailable") return [];
  return [
    `no gate (${gate.reason}): when the container is killed, this host keeps answering for its VIPs. The gate needs Linux 5.12 and an nft that knows \`flags owner\``,
  ];
}

function noteOnLease({ lease: { state, reason } }: NoteFacts): string[] {
  if (state !== "unavailable") return [];
  return [
    `VIP_LEASE has no effect (${reason}): a VIP stays on this host if the whole container is killed. Then remove it: \`ip address del VIP dev INTERFACE\``,
  ];
}

/** The kernel uses the larger of two values: the one for all interfaces and the interface's own. */
function noteOnGroup(group: InstanceStatus, { sysctl, network }: NoteFacts): string[] {
  const { interface: name, vips } = group;
  const effective = (key: string) =>
    Math.max(sysctl(`net.ipv4.conf.all.${key}`) ?? 0, sysctl(`net.ipv4.conf.${name}.${key}`) ?? 0);
  const ipv4 = vips.filter((vip) => !isIpv6(vip));
  if (ipv4.length === 0) return [];
  const arpIgnore = effective("arp_ignore");
  const uplink = network?.defaultRoute.ipv4;
  // sysctl reads a dot in a VLAN's name as another level
  const inSysctl = name.replaceAll(".", "/");
  return [
    ...(arpIgnore === 8
      ? [
          `arp_ignore is ${arpIgnore} on ${name}: the kernel answers no ARP request for ${ipv4.join(", ")}. Set net.ipv4.conf.all.arp_ignore and net.ipv4.conf.${inSysctl}.arp_ignore to less than 8`,
        ]
      : []),
    ...(effective("rp_filter") === 1 && uplink !== undefined && uplink !== name
      ? [
          `rp_filter is 1 on ${name}, but the default route is via ${uplink}: clients behind a router cannot reach ${ipv4.join(", ")}. \`sysctl -w net.ipv4.conf.${inSysctl}.rp_filter=2\` lets them`,
        ]
      : []),
  ];
}
