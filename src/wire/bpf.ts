/**
 * What the kernel is to hand over of an interface's traffic, as programs of its packet filter (classic BPF): the agent is
 * not woken for the packets of a load balancer.
 *
 * A program reads the packet from its network header on.
 */
import { bytesOfAddress } from "../vrrp/packet.ts";

/** One instruction: code, jump if true, jump if false, operand. */
export type FilterStep = readonly [code: number, jumpTrue: number, jumpFalse: number, operand: number];

/** The kernel takes no more than 4,096 instructions; an address needs two. */
const MOST_ADDRESSES = 1_000;

const LOAD_WORD = 0x20;
const LOAD_BYTE = 0x30;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const VRRP = 112;
const ICMPV6 = 58;
const NEIGHBOUR_ADVERTISEMENT = 136;
/** Bytes of a packet; the longest advert that is of use has 78. */
const TAKE: FilterStep = [RETURN, 0, 0, 256];
const LEAVE: FilterStep = [RETURN, 0, 0, 0];

/** VRRP over IPv4. */
export const IPV4_FILTER: readonly FilterStep[] = [
  [LOAD_BYTE, 0, 0, 9],
  [JUMP_IF_EQUAL, 0, 1, VRRP],
  TAKE,
  LEAVE,
];

/** ARP packets whose sender says that it has one of these. */
export function arpFilter(addresses: readonly string[]): FilterStep[] {
  return [[LOAD_WORD, 0, 0, 14], ...anyOf(addresses)];
}

/** VRRP over IPv6, and neighbour advertisements for addresses that end as one of these does. */
export function ipv6Filter(addresses: readonly string[]): FilterStep[] {
  return [
    [LOAD_BYTE, 0, 0, 6],
    [JUMP_IF_EQUAL, 0, 1, VRRP],
    TAKE,
    [JUMP_IF_EQUAL, 1, 0, ICMPV6],
    LEAVE,
    [LOAD_BYTE, 0, 0, 40],
    [JUMP_IF_EQUAL, 1, 0, NEIGHBOUR_ADVERTISEMENT],
    LEAVE,
    [LOAD_WORD, 0, 0, 60],
    ...anyOf(addresses),
  ];
}

function anyOf(addresses: readonly string[]): FilterStep[] {
  const ends = new Set(addresses.slice(0, MOST_ADDRESSES).map(lastWordOf));
  const tests = [...ends].flatMap((end): FilterStep[] => [[JUMP_IF_EQUAL, 0, 1, end], TAKE]);
  return [...tests, LEAVE];
}

function lastWordOf(address: string): number {
  return bytesOfAddress(address)
    .slice(-4)
    .reduce((sum, byte) => 256 * sum + byte, 0);
}
