/** Finds adverts that this host's own iptables rules certainly drop, in either direction. */

import { AgentError } from "../errors.ts";
import type { AdvertPacket } from "../iptables/filter-match.ts";
import { findBlocker } from "../iptables/filter-walk.ts";
import type { FilterRead } from "../iptables/table-read.ts";
import type { InstanceStatus } from "../keepalived/instance-status.ts";
import { familyOf } from "../network/address.ts";
import { MULTICAST_GROUP } from "../vrrp/protocol.ts";

type Group = Pick<InstanceStatus, "interface" | "vips" | "source" | "peers">;

/** Further hosts are only counted, because the fix is to the rule that drops their adverts. */
const MAX_NAMED_HOSTS = 5;

/** One VRRP_BLOCKED for each rule or policy that drops adverts. */
export function findBlockedAdverts(groups: readonly Group[], reads: readonly FilterRead[]): AgentError[] {
  const blocked = new Map<string, { readonly advert: AdvertPacket; readonly hosts: Set<string> }>();
  for (const advert of groups.flatMap(advertsOf)) {
    for (const { family, backend, read } of reads) {
      if (read.kind !== "table" || family !== familyOf(advert.destination)) continue;
      const rule = findBlocker(read.text, advert);
      if (rule === undefined) continue;
      const key = `is dropped by ${rule} (iptables of ${backend}, ${family})`;
      const { hosts } = blocked.get(key) ?? { hosts: new Set<string>() };
      blocked.set(key, { advert, hosts: hosts.add(hostOf(advert)) });
    }
  }
  return [...blocked].map(([blockedBy, { advert, hosts }]) => {
    const preposition = advert.direction === "in" ? "from" : "to";
    return new AgentError("VRRP_BLOCKED", `protocol 112 ${preposition} ${listHosts(hosts)} ${blockedBy}`);
  });
}

/** The adverts that the group must be able to receive and to send. */
function advertsOf({ interface: name, vips, source, peers }: Group): AdvertPacket[] {
  const family = familyOf(vips[0] ?? "");
  if (source === undefined) {
    const advert = { interface: name, source, destination: MULTICAST_GROUP[family] };
    return [
      { ...advert, direction: "in" },
      { ...advert, direction: "out" },
    ];
  }
  return peers.flatMap((peer): AdvertPacket[] => [
    { direction: "in", interface: name, source: peer, destination: source },
    { direction: "out", interface: name, source, destination: peer },
  ]);
}

function hostOf({ direction, source, destination }: AdvertPacket): string {
  return direction === "in" ? (source ?? "other hosts") : destination;
}

function listHosts(hosts: ReadonlySet<string>): string {
  const names = [...hosts].toSorted();
  const more = names.length - MAX_NAMED_HOSTS;
  return more > 0 ? `${names.slice(0, MAX_NAMED_HOSTS).join(", ")} and ${more} more` : names.join(", ");
}
