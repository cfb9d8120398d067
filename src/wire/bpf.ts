/**
 * Programs of the kernel's packet filter (classic BPF) that pass only what the listener needs, so that it is not woken for
 * the traffic of a load balancer. A program reads the packet from its network header on.
 */
import { bytesOfAddress } from "../vrrp/packet.ts";
import { DIRECT_TTL, VRRP_PROTOCOL } from "../vrrp/protocol.ts";
import { ICMPV6, NEIGHBOUR_ADVERTISEMENT } from "./neighbour-packet.ts";

/** One instruction: code, jump if true, jump if false, operand. */
export type BpfInstruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number];

/** A program as the listener reads it. */
export function filterText(program: readonly BpfInstruction[]): string {
  return program.map((instruction) => instruction.join()).join(";");
}

/** The kernel takes at most 4,096 instructions, and an address needs two. */
const MAX_ADDRESSES = 1_000;

const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
/** Where the kernel has the kind of a packet (SKF_AD_PKTTYPE), and the kind of those for another host's MAC. */
const PACKET_KIND = 0xffff_f004;
const FOR_OTHER_HOST = 3;
/** Passes 256 bytes of the packet. The longest advert of use has 78. */
const PASS: BpfInstruction = [RETURN, 0, 0, 256];
const DROP: BpfInstruction = [RETURN, 0, 0, 0];

/**
 * Whose adverts a socket receives. Each kind has its own socket, so that a flood of one kind does not affect another.
 * `members`: directly from a member. `neighbours`: directly from another machine. `others`: what came through a router,
 * which is shown and never obeyed.
 */
export type SpeakerKind = "members" | "neighbours" | "others";

/** Where the fields are in a packet; of an IPv6 source its last 32 bits. */
const IPV4_FIELDS = { protocol: 9, ttl: 8, source: 12 } as const;
const IPV6_FIELDS = { protocol: 6, ttl: 7, source: 20 } as const;

/** Passes VRRP over IPv4. @param members IPv4 addresses. */
export function ipv4Filter(speakers: SpeakerKind, members: readonly string[]): BpfInstruction[] {
  return [
    ...onlyIf(LOAD_BYTE, IPV4_FIELDS.protocol, VRRP_PROTOCOL),
    ...advertTest(IPV4_FIELDS, speakers, members),
  ];
}

/** The rest of a filter for adverts. */
function advertTest(
  { ttl, source }: typeof IPV4_FIELDS | typeof IPV6_FIELDS,
  speakers: SpeakerKind,
  members: readonly string[],
): BpfInstruction[] {
  const forThisHost = exceptIf(LOAD_BYTE, PACKET_KIND, FOR_OTHER_HOST);
  if (speakers === "others") return [...forThisHost, ...exceptIf(LOAD_BYTE, ttl, DIRECT_TTL), PASS];
  const direct = [...forThisHost, ...onlyIf(LOAD_BYTE, ttl, DIRECT_TTL)];
  return [...direct, [LOAD_WORD, 0, 0, source], ...anyOf(members, speakers === "members")];
}

function onlyIf(load: number, at: number, value: number): BpfInstruction[] {
  return [[load, 0, 0, at], [JUMP_IF_EQUAL, 1, 0, value], DROP];
}

function exceptIf(load: number, at: number, value: number): BpfInstruction[] {
  return [[load, 0, 0, at], [JUMP_IF_EQUAL, 0, 1, value], DROP];
}

/**
 * Passes ARP packets whose sender claims one of the addresses, or says that it has this host's own MAC: the host's own
 * packets do not come from the wire.
 */
export function arpFilter(addresses: readonly string[], ownMac: string | undefined): BpfInstruction[] {
  return [...macTest(ownMac), [LOAD_WORD, 0, 0, 14], ...anyOf(addresses, true)];
}

/** Passes ARP packets with this MAC as their sender's, and goes on with the others. */
function macTest(mac: string | undefined): BpfInstruction[] {
  if (mac === undefined) return [];
  const [high = 0, low = 0] = [mac.slice(0, 11), mac.slice(12)].map((part) =>
    Number.parseInt(part.replaceAll(":", ""), 16),
  );
  return [
    [LOAD_WORD, 0, 0, 8],
    [JUMP_IF_EQUAL, 0, 3, high],
    [LOAD_HALF, 0, 0, 12],
    [JUMP_IF_EQUAL, 0, 1, low],
    PASS,
  ];
}

/**
 * Passes VRRP over IPv6. The one for `others` also passes neighbour advertisements of these addresses, of which only the last
 * 32 bits are compared.
 */
export function ipv6Filter(
  speakers: SpeakerKind,
  members: readonly string[],
  addresses: readonly string[],
): BpfInstruction[] {
  const adverts = advertTest(IPV6_FIELDS, speakers, members);
  if (speakers !== "others") return [...onlyIf(LOAD_BYTE, IPV6_FIELDS.protocol, VRRP_PROTOCOL), ...adverts];
  return [
    [LOAD_BYTE, 0, 0, IPV6_FIELDS.protocol],
    [JUMP_IF_EQUAL, 0, adverts.length, VRRP_PROTOCOL],
    ...adverts,
    ...neighbourFilter(addresses),
  ];
}

/**
 * Passes neighbour advertisements of these addresses, of which only the last 32 bits are compared. One with a lower hop limit
 * came from another link (RFC 4861 section 7.1.2).
 */
export function neighbourFilter(addresses: readonly string[]): BpfInstruction[] {
  return [
    ...onlyIf(LOAD_BYTE, IPV6_FIELDS.protocol, ICMPV6),
    ...onlyIf(LOAD_BYTE, IPV6_FIELDS.ttl, DIRECT_TTL),
    ...onlyIf(LOAD_BYTE, 40, NEIGHBOUR_ADVERTISEMENT),
    [LOAD_WORD, 0, 0, 60],
    ...anyOf(addresses, true),
  ];
}

/** Compares the last 32 bits of the source. Passes only these addresses, or, with `isPassed` false, all others. */
function anyOf(addresses: readonly string[], isPassed: boolean): BpfInstruction[] {
  const ends = new Set(addresses.slice(0, MAX_ADDRESSES).map(lastWordOf));
  const [match, otherwise] = isPassed ? [PASS, DROP] : [DROP, PASS];
  const tests = [...ends].flatMap((end): BpfInstruction[] => [[JUMP_IF_EQUAL, 0, 1, end], match]);
  return [...tests, otherwise];
}

function lastWordOf(address: string): number {
  return bytesOfAddress(address)
    .slice(-4)
    .reduce((sum, byte) => 256 * sum + byte, 0);
}
