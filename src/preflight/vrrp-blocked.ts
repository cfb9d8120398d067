/** Whether this host's own rules keep adverts out or in, as far as that can be told. */

import { AgentError } from "../errors.ts";
import type { AdvertPacket } from "../iptables/filter-match.ts";
import { findBlocker } from "../iptables/filter-walk.ts";
import type { FilterRead } from "../iptables/table-read.ts";
import type { InstanceStatus } from "../keepalived/instance-status.ts";
import { familyOf } from "../network/address.ts";

type Group = Pick<InstanceStatus, "interface" | "vips" | "source" | "peers">;

const MULTICAST = { ipv4: "224.0.0.18", ipv6: "ff02::12" };
/** How many hosts are named at most; the rule that drops their adverts is what must be mended. */
const MOST_NAMED = 5;

/** One problem for each rule or policy that drops adverts. */
export function findBlockedAdverts(groups: readonly Group[], reads: readonly FilterRead[]): AgentError[] {
  const blocked = new Map<string, { readonly advert: AdvertPacket; readonly hosts: Set<string> }>();
  for (const advert of groups.flatMap(advertsOf)) {
    for (const { family, backend, read } of reads) {
      if (read.kind !== "table" || family !== familyOf(advert.destination)) continue;
      const by = findBlocker(read.text, advert);
      if (by === undefined) continue;
      const key = `is dropped by ${by} (iptables of ${backend}, ${family})`;
      const { hosts } = blocked.get(key) ?? { hosts: new Set<string>() };
      blocked.set(key, { advert, hosts: hosts.add(hostOf(advert)) });
    }
  }
  return [...blocked].map(([what, { advert, hosts }]) => {
    const way = advert.direction === "in" ? "from" : "to";
    return new AgentError("VRRP_BLOCKED", `protocol 112 ${way} ${listHosts(hosts)} ${what}`);
  });
}

/** Those that must come in, and those that must go out. */
function advertsOf({ interface: name, vips, source, peers }: Group): AdvertPacket[] {
  const family = familyOf(vips[0] ?? "");
  if (source === undefined) {
    const advert = { interface: name, source, destination: MULTICAST[family] };
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
  const more = names.length - MOST_NAMED;
  return more > 0 ? `${names.slice(0, MOST_NAMED).join(", ")} and ${more} more` : names.join(", ");
}
