/**
 * VRRP adverts as `tcpdump -n -v` (4.99) prints them, and whose they are.
 *
 * Nothing in a packet can end a line or a field early: tcpdump escapes control characters, and the one free text, the
 * password, is the last field of its line. What hosts would drop (cut short, wrong checksum, a fragment, a kind of
 * authentication that keepalived does not have) is no advert here either.
 */
import { canonicalAddress } from "./address.ts";
import type { Instance } from "./desired.ts";

/** One advert. Addresses are canonical. */
export interface Advert {
  readonly source: string;
  readonly destination: string;
  readonly version: 2 | 3;
  readonly virtualRouterId: number;
  /** 0-255; 0 says that its host gives the group up. */
  readonly priority: number;
  /** What is advertised, in the order of the packet; may be empty. */
  readonly addresses: readonly string[];
  /** As tcpdump prints it: `^J` is a control character, `M-C` a byte over 127. Undefined: no password. Never to be logged. */
  readonly authPass: string | undefined;
  readonly intervalSeconds: number;
}

/** IPv4 ends the line here, IPv6 does not. */
const HEADER =
  /^(?:\S+ )?(?:IP \([^[]*\[(?:none|DF)\], proto VRRP \(112\), length \d+(?:, options \([^)]*\))?\)\n +|IP6 \([^(]*VRRP \(112\) payload length: \d+\) )/;
const ADVERT =
  /^(?<source>\S+) > (?<destination>\S+): VRRPv(?<version>[23]), Advertisement(?:, \(ttl \d+\))?, vrid (?<vrid>\d+), prio (?<priority>\d+)(?:, authtype (?<authType>none|simple))?, intvl (?<interval>\d+)(?<unit>c?s), length \d+, addrs(?:\((?<count>\d+)\))?:(?: (?<addresses>[\d.:a-f,]+))?(?: auth "(?<authPass>.*)")?$/;
/** What VRRPv2 carries of a password, bytes. */
const AUTH_BYTES = 8;

/** The advert in the lines of one packet, with or without the time, or undefined where there is none. Never throws. */
export function parseAdvert(text: string): Advert | undefined {
  const header = HEADER.exec(text)?.[0];
  if (header === undefined) return undefined;
  const fields = ADVERT.exec(text.slice(header.length))?.groups;
  if (fields === undefined) return undefined;
  const { authType, authPass, unit } = fields;
  const version = fields["version"] === "2" ? 2 : 3;
  const isWhole = version === 2 ? authType !== undefined && unit === "s" : unit === "cs";
  if (!isWhole || (authType === "simple") !== (authPass !== undefined)) return undefined;

  const source = canonicalAddress(fields["source"] ?? "");
  const destination = canonicalAddress(fields["destination"] ?? "");
  const addresses = parseAddresses(fields["addresses"]);
  if (source === undefined || destination === undefined || addresses === undefined) return undefined;
  // the number is printed only where it is more than one
  if (addresses.length > 1 && addresses.length !== Number(fields["count"])) return undefined;
  return {
    source,
    destination,
    version,
    virtualRouterId: Number(fields["vrid"]),
    priority: Number(fields["priority"]),
    addresses,
    authPass,
    intervalSeconds: Number(fields["interval"]) / (version === 2 ? 1 : 100),
  };
}

function parseAddresses(list: string | undefined): string[] | undefined {
  const addresses = list?.split(",").map(canonicalAddress) ?? [];
  return addresses.every((address) => address !== undefined) ? addresses : undefined;
}

/**
 * Whether hosts that run this instance would take the advert for their group's.
 *
 * They want it sent as they send, exactly their own VIP advertised, and with VRRPv2 their own interval and password; VRRPv3 follows any
 * interval. An instance without a password is one whose password is not known here: then any will do.
 */
export function isAdvertOf(instance: Instance, advert: Advert): boolean {
  const { vrrpVersion, virtualRouterId, firstVip, unicast } = instance;
  return (
    isMulticast(advert.destination) === (unicast === undefined) &&
    advert.version === vrrpVersion &&
    advert.virtualRouterId === virtualRouterId &&
    advert.addresses.length === 1 &&
    advert.addresses[0] === firstVip.address &&
    (vrrpVersion === 3 || isOfSecondVersion(instance, advert))
  );
}

function isMulticast(address: string): boolean {
  return address === "224.0.0.18" || address === "ff02::12";
}

function isOfSecondVersion({ advertIntervalSeconds, authPass }: Instance, advert: Advert): boolean {
  const isPasswordRight = authPass === undefined || advert.authPass === printPassword(authPass);
  return isPasswordRight && advert.intervalSeconds === advertIntervalSeconds;
}

/** A password as tcpdump prints it. One text can stand for two (`^A` and byte 1), so there is no way back. */
function printPassword(password: string): string {
  const bytes = new TextEncoder().encode(password).slice(0, AUTH_BYTES);
  return Array.from(bytes, printByte).join("");
}

function printByte(byte: number): string {
  const ascii = byte & 0x7f;
  const isPrintable = ascii >= 0x20 && ascii < 0x7f;
  const text = isPrintable ? String.fromCharCode(ascii) : `^${String.fromCharCode(ascii ^ 0x40)}`;
  return byte > 0x7f ? `M-${text}` : text;
}
