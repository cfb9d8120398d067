/** What the listener on the wire tells of one frame. */

import { type Advert, parseAdvert } from "../vrrp/advert.ts";
import { bytesOfHex, macText } from "../vrrp/packet.ts";
import { type AddressClaim, parseArpClaim, parseNeighbourClaim } from "./address-claim.ts";
import { ARP, IPV6 } from "./address-probe.ts";

export interface WireFrame {
  /** The line itself: equal for frames that say the same. */
  readonly text: string;
  readonly interface: string;
  /** Of the sender. */
  readonly mac: string;
  readonly advert?: Advert | undefined;
  readonly claim?: AddressClaim | undefined;
}

/** `eth0 2048 020000000001 4500...`; undefined for a frame that says nothing. */
export function parseFrame(text: string): WireFrame | undefined {
  const [name = "", etherType = "", senderMac = "", hex = ""] = text.split(" ");
  const bytes = bytesOfHex(hex);
  const advert = Number(etherType) === ARP ? undefined : parseAdvert(bytes);
  const claim = claimIn(Number(etherType), bytes, senderMac);
  if (advert === undefined && claim === undefined) return undefined;
  return { text, interface: name, mac: macText(senderMac), advert, claim };
}

function claimIn(etherType: number, bytes: Uint8Array, senderMac: string): AddressClaim | undefined {
  if (etherType === ARP) return parseArpClaim(bytes);
  return etherType === IPV6 ? parseNeighbourClaim(bytes, senderMac) : undefined;
}
