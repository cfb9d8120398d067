/** A frame that the listener printed, parsed: an advert, a hello, or a claim to an address. */
import { type Advert, parseAdvert } from "../vrrp/advert.ts";
import { bytesOfHex, macText } from "../vrrp/packet.ts";
import { type AddressClaim, parseArpClaim, parseNeighbourClaim } from "./address-claim.ts";
import { ARP, IPV6 } from "./address-probe.ts";
import { isHello } from "./hello.ts";

export interface WireFrame {
  /** The line itself. Frames that say the same have equal lines. */
  readonly text: string;
  readonly interface: string;
  /** The MAC of the sender, `02:00:00:00:00:01`. */
  readonly mac: string;
  /** When the kernel received it, ms since 1970. This process may have been stopped then. */
  readonly receivedMs?: number | undefined;
  readonly advert?: Advert | undefined;
  readonly claim?: AddressClaim | undefined;
  /** See `helloPacket`. */
  readonly hello?: Advert | undefined;
}

/** @param text `eth0 2048 020000000001 4500...`. @returns undefined for a frame that is none of these. */
export function parseFrame(text: string): WireFrame | undefined {
  const [name = "", etherType = "", senderMac = "", hex = ""] = text.split(" ");
  const bytes = bytesOfHex(hex);
  const frame = { text, interface: name, mac: macText(senderMac) };
  const advert = Number(etherType) === ARP ? undefined : parseAdvert(bytes);
  if (advert !== undefined) return isHello(advert) ? { ...frame, hello: advert } : { ...frame, advert };
  const claim = claimIn(Number(etherType), bytes, senderMac);
  return claim === undefined ? undefined : { ...frame, claim };
}

function claimIn(etherType: number, bytes: Uint8Array, senderMac: string): AddressClaim | undefined {
  if (etherType === ARP) return parseArpClaim(bytes);
  return etherType === IPV6 ? parseNeighbourClaim(bytes, senderMac) : undefined;
}
