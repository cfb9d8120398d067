/** Which packet filter rules of this host keep the adverts of a group's other hosts from keepalived. */
import { findBlocker } from "../iptables/filter-walk.ts";
import type { FilterRead } from "../iptables/table-read.ts";
import { familyOf } from "../network/address.ts";
import { type HostNameOf, hostText } from "../text/host-text.ts";
import type { Instance } from "../vrrp/instance.ts";
import { MULTICAST_GROUP } from "../vrrp/protocol.ts";

interface Others {
  /** Address of the host whose adverts were missed. It is checked first. */
  readonly owner: string | undefined;
  readonly nameOf: HostNameOf;
}

/** A clause such as in find-deafness.ts. Undefined if no rule that was read drops the adverts of a peer. */
export function deafnessOf(
  { interface: link, firstVip, unicast }: Instance,
  reads: readonly FilterRead[],
  { owner, nameOf }: Others,
): string | undefined {
  const adverts =
    unicast === undefined
      ? [{ source: undefined, destination: MULTICAST_GROUP[familyOf(firstVip.address)] }]
      : unicast.peers
          .toSorted((a, b) => Number(b === owner) - Number(a === owner))
          .map((source) => ({ source, destination: unicast.source }));
  for (const { source, destination } of adverts) {
    for (const { read, backend } of reads) {
      if (read.kind !== "table") continue;
      const rule = findBlocker(read.text, { direction: "in", interface: link, source, destination });
      if (rule === undefined) continue;
      const from = source === undefined ? "other hosts" : hostText(source, nameOf(source));
      return `protocol 112 from ${from} is dropped by ${rule} (iptables of ${backend})`;
    }
  }
  return undefined;
}
