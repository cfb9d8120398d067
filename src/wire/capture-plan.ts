/** What the listener on the wire should capture and probe, and the lines that tell it so. */
import { isIpv6 } from "../network/address.ts";
import { type AddressProbe, ARP, addressProbe, IPV4, IPV6 } from "./address-probe.ts";
import { arpFilter, type BpfInstruction, IPV4_FILTER, ipv6Filter } from "./bpf.ts";

/** What to capture on one interface. */
export interface CaptureTarget {
  readonly interface: string;
  /** The interface's own MAC, `02:00:00:00:00:01`. Undefined where it has none: then no probe is sent. */
  readonly mac: string | undefined;
  /** Addresses that only this host may have. Every other host's claim to one is captured, and each is probed. */
  readonly guardedAddresses: readonly string[];
}

export interface CapturePlan {
  readonly targets: readonly CaptureTarget[];
  /** Frames, as the listener printed them, that it need not print again. */
  readonly knownFrames: readonly string[];
  /** Whether adverts are printed at once. Otherwise new frames are printed within 0.25 s. */
  readonly isImmediate: boolean;
}

/** @param number of the plan. The listener prints it once the plan is in force. */
export function planLines({ targets, knownFrames, isImmediate }: CapturePlan, number: number): string[] {
  return [
    ...targets.flatMap(tapLines),
    ...targets.flatMap(probeLines),
    ...knownFrames.map((frame) => `mute ${frame}`),
    `go ${number} ${isImmediate ? 1 : 0}`,
  ];
}

function tapLines({ interface: name, guardedAddresses }: CaptureTarget): string[] {
  const ipv4 = guardedAddresses.filter((address) => !isIpv6(address));
  const ipv6 = guardedAddresses.filter(isIpv6);
  return [
    tapLine(name, IPV4, IPV4_FILTER),
    tapLine(name, IPV6, ipv6Filter(ipv6)),
    ...(ipv4.length === 0 ? [] : [tapLine(name, ARP, arpFilter(ipv4))]),
  ];
}

function tapLine(name: string, etherType: number, filter: readonly BpfInstruction[]): string {
  return `tap ${name} ${etherType} ${filter.map((instruction) => instruction.join()).join(";")}`;
}

function probeLines({ interface: name, mac, guardedAddresses }: CaptureTarget): string[] {
  if (mac === undefined) return [];
  return guardedAddresses.map((address) => probeLine(name, addressProbe(address, mac)));
}

function probeLine(name: string, { etherType, destination, packet }: AddressProbe): string {
  return `probe ${name} ${etherType} ${destination} ${packet}`;
}
