/** What the listener on the wire is to do, and how it is told so, line by line. */
import { isIpv6 } from "../network/address.ts";
import { ARP, IPV4, IPV6, type Probe, probeFor } from "./address-probe.ts";
import { arpFilter, type FilterStep, IPV4_FILTER, ipv6Filter } from "./bpf.ts";

/** What is to be heard on one interface. */
export interface WireWish {
  readonly interface: string;
  /** Of the interface, `02:00:00:00:00:01`; undefined where it has none: then nobody is asked. */
  readonly mac: string | undefined;
  /** Addresses that only this host may have: whoever else says that it has one is heard, and all are asked. */
  readonly guarded: readonly string[];
}

export interface WirePlan {
  readonly wishes: readonly WireWish[];
  /** Frames, as they were told, that are no news any more. */
  readonly muted: readonly string[];
  /** Whether each advert is told at once, or what is new within 0.25 s. */
  readonly isPrompt: boolean;
}

/** @param number of the plan: the listener says it when it does what the plan says. */
export function planLines({ wishes, muted, isPrompt }: WirePlan, number: number): string[] {
  return [
    ...wishes.flatMap(tapLines),
    ...wishes.flatMap(probeLines),
    ...muted.map((frame) => `mute ${frame}`),
    `go ${number} ${isPrompt ? 1 : 0}`,
  ];
}

function tapLines({ interface: name, guarded }: WireWish): string[] {
  const ipv4 = guarded.filter((address) => !isIpv6(address));
  const ipv6 = guarded.filter(isIpv6);
  return [
    tapLine(name, IPV4, IPV4_FILTER),
    tapLine(name, IPV6, ipv6Filter(ipv6)),
    ...(ipv4.length === 0 ? [] : [tapLine(name, ARP, arpFilter(ipv4))]),
  ];
}

function tapLine(name: string, etherType: number, filter: readonly FilterStep[]): string {
  return `tap ${name} ${etherType} ${filter.map((step) => step.join()).join(";")}`;
}

function probeLines({ interface: name, mac, guarded }: WireWish): string[] {
  if (mac === undefined) return [];
  return guarded.map((address) => probeLine(name, probeFor(address, mac)));
}

function probeLine(name: string, { etherType, destination, packet }: Probe): string {
  return `probe ${name} ${etherType} ${destination} ${packet}`;
}
