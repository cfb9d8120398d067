/**
 * A hello: a host that is about to run a group makes itself known to the owner of its VIPs, if that owner sends it no
 * adverts. If metadata lists the host, the hello makes it a member, as its adverts would, before it sends any.
 *
 * It is an advert of VRRPv3 with VRID 0, which no group can have. keepalived ignores it, whatever else it says, and no
 * host reads it as a claim to the VIPs.
 *
 * The owner answers with a hello of its own. It shows that a machine which answers for the VIPs by ARP is the host that it
 * seems to be. Backups answer, too: they send no adverts, so a newcomer whose metadata lacks one would not hear of it.
 */
import { isIpv6 } from "../network/address.ts";
import type { Advert } from "../vrrp/advert.ts";
import { bytesOfAddress, checksumOf, pseudoHeader, word } from "../vrrp/packet.ts";
import { VRRP_PROTOCOL } from "../vrrp/protocol.ts";
import { IPV4, IPV6, type LinkPacket } from "./address-probe.ts";
import { directVrrpPacket } from "./direct-packet.ts";

const VRID_OF_NOBODY = 0;
/** The priority in a hello says who sends it. */
const PRIORITY = { newcomer: 0, owner: 1, backup: 2 } as const;

/** Who says hello: a host that is about to run the group, its owner, or a host that backs it up. */
export type Greeter = keyof typeof PRIORITY;

export interface HelloParts {
  readonly source: string;
  readonly destination: string;
  /** `02:00:00:00:00:02`. */
  readonly destinationMac: string;
  readonly vip: string;
  readonly by: Greeter;
}

export function isHello({ virtualRouterId }: Advert): boolean {
  return virtualRouterId === VRID_OF_NOBODY;
}

/** @param hello one with VRID 0. */
export function greeterOf({ priority }: Advert): Greeter {
  if (priority === PRIORITY.newcomer) return "newcomer";
  return priority === PRIORITY.owner ? "owner" : "backup";
}

/** The addresses must be of one family. */
export function helloPacket({ source, destination, destinationMac, vip, by }: HelloParts): LinkPacket {
  const vrrp = (checksum: number) => [
    0x31,
    VRID_OF_NOBODY,
    PRIORITY[by],
    1,
    ...word(0),
    ...word(checksum),
    ...bytesOfAddress(vip),
  ];
  const { length } = vrrp(0);
  const payload = vrrp(checksumOf([...pseudoHeader(source, destination, VRRP_PROTOCOL, length), ...vrrp(0)]));
  return {
    etherType: isIpv6(source) ? IPV6 : IPV4,
    destination: destinationMac.replaceAll(":", ""),
    packet: directVrrpPacket(source, destination, payload),
  };
}
