/** What the listener on the wire should capture and probe, and the lines that tell it to. */
import { isIpv6 } from "../network/address.ts";
import { ARP, addressProbe, IPV4, IPV6, type LinkPacket, type ProbeSource } from "./address-probe.ts";
import {
  arpFilter,
  type BpfInstruction,
  filterText,
  ipv4Filter,
  ipv6Filter,
  type SpeakerKind,
} from "./bpf.ts";

/** What to capture on one interface. */
export interface CaptureTarget {
  readonly interface: string;
  /** The interface's own MAC, `02:00:00:00:00:01`. Undefined where it has none: then no probe is sent. */
  readonly mac: string | undefined;
  /** A link-local IPv6 address of the interface, from which IPv6 addresses are probed. */
  readonly linkLocal: string | undefined;
  /**
   * Addresses that only this host may have, the most important first. Every other host's claim to one is captured. Each is
   * probed once when it is new here, and then slowly in turn.
   */
  readonly guardedAddresses: readonly string[];
  /** Addresses that this host may soon own: claims to each are captured as well, and it is asked for every 1.5 s. */
  readonly askedAddresses: readonly string[];
  /** Hosts that seem to have a guarded address. Each is asked four times a second, until it has it no more. */
  readonly rivals: readonly RivalAddress[];
}

export interface RivalAddress {
  readonly address: string;
  readonly mac: string;
}

export interface CapturePlan {
  readonly targets: readonly CaptureTarget[];
  /** The addresses that other members may send from: their adverts are received apart from all others. */
  readonly members: readonly string[];
  /** Frames, as the listener printed them, that it need not print again. */
  readonly knownFrames: readonly string[];
  /** Frames that it prints every 5 s at most. */
  readonly rareFrames?: readonly string[];
  readonly pace: Pace;
}

/**
 * How soon a frame is printed. `quiet`: a new one within 0.25 s. `immediate`: each within 10 ms, with the others of a burst.
 * `hurried`: each as it comes.
 */
export type Pace = "quiet" | "immediate" | "hurried";
const PACE_NUMBERS: Readonly<Record<Pace, number>> = { quiet: 0, immediate: 1, hurried: 2 };

/** @param number of the plan. The listener prints it once the plan is in force. */
export function planLines(
  { targets, members, knownFrames, rareFrames = [], pace }: CapturePlan,
  number: number,
): string[] {
  return [
    ...targets.flatMap((target) => tapLines(target, members)),
    ...targets.flatMap(probeLines),
    ...knownFrames.map((frame) => `mute ${frame}`),
    ...rareFrames.map((frame) => `rare ${frame}`),
    `go ${number} ${PACE_NUMBERS[pace]}`,
  ];
}

/** A line that has the listener send a packet. */
export function packetLine(
  word: "probe" | "ask" | "watch" | "announce",
  interfaceName: string,
  { etherType, destination, packet }: LinkPacket,
): string {
  return `${word} ${interfaceName} ${etherType} ${destination} ${packet}`;
}

function tapLines({ interface: name, mac, ...target }: CaptureTarget, members: readonly string[]): string[] {
  const addresses = [...new Set([...target.askedAddresses, ...target.guardedAddresses])];
  const [ipv4, ipv6] = byFamily(addresses);
  const [ipv4Members, ipv6Members] = byFamily(members);
  return [
    ...speakersWith(ipv4Members).map((who) => tapLine(name, IPV4, who, ipv4Filter(who, ipv4Members))),
    ...speakersWith(ipv6Members).map((who) => tapLine(name, IPV6, who, ipv6Filter(who, ipv6Members, ipv6))),
    ...(ipv4.length === 0 && mac === undefined ? [] : [tapLine(name, ARP, "others", arpFilter(ipv4, mac))]),
  ];
}

function byFamily(addresses: readonly string[]): [ipv4: string[], ipv6: string[]] {
  return [addresses.filter((address) => !isIpv6(address)), addresses.filter(isIpv6)];
}

function speakersWith(members: readonly string[]): SpeakerKind[] {
  return members.length === 0 ? ["neighbours", "others"] : ["members", "neighbours", "others"];
}

function tapLine(
  name: string,
  etherType: number,
  speakers: SpeakerKind,
  filter: readonly BpfInstruction[],
): string {
  return `tap ${name} ${etherType} ${speakers} ${filterText(filter)}`;
}

function probeLines({ interface: name, mac, linkLocal, ...target }: CaptureTarget): string[] {
  if (mac === undefined) return [];
  const source: ProbeSource = { mac, linkLocal };
  const lineOf = (word: "probe" | "ask" | "watch", address: string, askedMac?: string) => {
    const probe = addressProbe(address, source, askedMac);
    return probe === undefined ? [] : packetLine(word, name, probe);
  };
  return [
    ...target.guardedAddresses.flatMap((address) => lineOf("probe", address)),
    ...target.askedAddresses.flatMap((address) => lineOf("ask", address)),
    ...target.rivals.flatMap((rival) => lineOf("watch", rival.address, rival.mac)),
  ];
}
