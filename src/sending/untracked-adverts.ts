/**
 * Whether this host's firewall lets untracked adverts through. A rule such as `-p 112 -m state --state NEW -j ACCEPT`
 * accepts only tracked ones: without tracking the hosts would not hear each other.
 */
import type { AdvertPacket } from "../iptables/filter-match.ts";
import { findBlocker } from "../iptables/filter-walk.ts";
import type { FilterRead } from "../iptables/table-read.ts";
import { familyOf } from "../network/address.ts";
import type { Instance } from "../vrrp/instance.ts";
import { advertDestinations } from "./unsent-adverts.ts";

/** What would drop adverts only because they are untracked; undefined where nothing would. */
export function findUntrackedBlocker(
  instances: readonly Instance[],
  reads: readonly FilterRead[],
): string | undefined {
  for (const advert of instances.flatMap(advertsOf)) {
    for (const { family, read } of reads) {
      if (read.kind !== "table" || family !== familyOf(advert.destination)) continue;
      const blocker = findBlocker(read.text, { ...advert, isUntracked: true });
      if (blocker !== undefined && findBlocker(read.text, advert) === undefined) return blocker;
    }
  }
  return undefined;
}

function advertsOf(instance: Instance): AdvertPacket[] {
  const { interface: link, unicast } = instance;
  return advertDestinations(instance).flatMap((destination): AdvertPacket[] => {
    const out = { direction: "out", interface: link, source: unicast?.source, destination } as const;
    const from =
      unicast === undefined
        ? { source: undefined, destination }
        : { source: destination, destination: unicast.source };
    return [out, { direction: "in", interface: link, ...from }];
  });
}
