/**
 * Programs of the kernel's packet filter (classic BPF) that pass only what the listener needs, so that it is not woken for
 * the traffic of a load balancer. A program reads the packet from its network header on.
 */
import { bytesOfAddress } from "../vrrp/packet.ts";

/** One instruction: code, jump if true, jump if false, operand. */
export type BpfInstruction = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number];

/** The kernel takes at most 4,096 instructions, and an address needs two. */
const MAX_ADDRESSES = 1_000;

const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const VRRP = 112;
const ICMPV6 = 58;
const NEIGHBOUR_ADVERTISEMENT = 136;
/** Passes 256 bytes of the packet. The longest advert of use has 78. */
const PASS: BpfInstruction = [RETURN, 0, 0, 256];
const DROP: BpfInstruction = [RETURN, 0, 0, 0];

/** Passes VRRP over IPv4. */
export const IPV4_FILTER: readonly BpfInstruction[] = [
  [LOAD_BYTE, 0, 0, 9],
  [JUMP_IF_EQUAL, 0, 1, VRRP],
  PASS,
  DROP,
];

/**
 * Passes ARP packets whose sender claims one of the addresses, or says that it has this host's own MAC: the host's own
 * packets do not come from the wire.
 */
export function arpFilter(addresses: readonly string[], ownMac: string | undefined): BpfInstruction[] {
  return [...macTest(ownMac), [LOAD_WORD, 0, 0, 14], ...anyOf(addresses)];
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

/** Passes VRRP over IPv6, and neighbour advertisements. Of an advertised address only the last 32 bits are compared. */
export function ipv6Filter(addresses: readonly string[]): BpfInstruction[] {
  return [
    [LOAD_BYTE, 0, 0, 6],
    [JUMP_IF_EQUAL, 0, 1, VRRP],
    PASS,
    [JUMP_IF_EQUAL, 1, 0, ICMPV6],
    DROP,
    [LOAD_BYTE, 0, 0, 40],
    [JUMP_IF_EQUAL, 1, 0, NEIGHBOUR_ADVERTISEMENT],
    DROP,
    [LOAD_WORD, 0, 0, 60],
    ...anyOf(addresses),
  ];
}

function anyOf(addresses: readonly string[]): BpfInstruction[] {
  const ends = new Set(addresses.slice(0, MAX_ADDRESSES).map(lastWordOf));
  const tests = [...ends].flatMap((end): BpfInstruction[] => [[JUMP_IF_EQUAL, 0, 1, end], PASS]);
  return [...tests, DROP];
}

function lastWordOf(address: string): number {
  return bytesOfAddress(address)
    .slice(-4)
    .reduce((sum, byte) => 256 * sum + byte, 0);
}
