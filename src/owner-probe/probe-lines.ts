/** The lines that tell the listener (src/wire/owner-probe.pl) which owners to ask, and how. */
import { familyOf, isIpv6 } from "../network/address.ts";
import type { Instance } from "../vrrp/instance.ts";
import { bytesOfAddress, hexOf } from "../vrrp/packet.ts";
import { ARP, addressProbe, IPV4, IPV6, type ProbeSource } from "../wire/address-probe.ts";
import { arpFilter, filterText, neighbourFilter } from "../wire/bpf.ts";
import { advertPathOf } from "./advert-path.ts";
import { delaySeconds } from "./places.ts";
import { releaseAdvert } from "./release-advert.ts";

/** A group that this host backs up and may take over. */
export interface ProbedGroup {
  readonly instance: Instance;
  /** See `placesOf`. */
  readonly places: ReadonlyMap<string, number>;
  /** Addresses of members that are not those of an owner, but can show that this host is not cut off. */
  readonly others?: readonly string[];
}

/** An interface, and what this host asks from there. */
export interface ProbedLink extends ProbeSource {
  readonly gateways: readonly string[];
}

/** Members of one family on one link that show that this host is not cut off, besides the gateways. */
const MAX_WITNESSES = 6;

/** Names a group for the listener. It has no spaces, whatever the group is called. */
export function probeKey({ interface: link, virtualRouterId, firstVip }: Instance): string {
  return `${link}/${familyOf(firstVip.address)}/${virtualRouterId}`;
}

/** A machine that may be asked. */
interface AskedMachine {
  readonly link: string;
  readonly address: string;
  /** Its answer shows that this host is not cut off. */
  readonly isWitness: boolean;
}

/** Only groups whose questions this host can send. @param windowSeconds is how long an owner is asked. */
export function probeLines(
  groups: readonly ProbedGroup[],
  links: ReadonlyMap<string, ProbedLink>,
  windowSeconds: number,
): string[] {
  const askable = groups.filter(({ instance: { interface: link, firstVip }, places }) => {
    const source = links.get(link);
    return places.size > 0 && source !== undefined && addressProbe(firstVip.address, source) !== undefined;
  });
  const machines = uniqueMachines(askable.flatMap((group) => machinesOf(group, links)));
  return [
    ...tapLines(machines),
    ...machines.flatMap((machine) => machineLine(machine, links)),
    ...askable.flatMap((group) => groupLines(group, links, windowSeconds)),
    `probe-go ${windowSeconds}`,
  ];
}

function machinesOf(
  { instance: { interface: link, firstVip }, places, others = [] }: ProbedGroup,
  links: ReadonlyMap<string, ProbedLink>,
): AskedMachine[] {
  const family = familyOf(firstVip.address);
  const gateways = (links.get(link)?.gateways ?? []).filter((gateway) => familyOf(gateway) === family);
  return [
    ...gateways.map((address) => ({ link, address, isWitness: true })),
    ...[...places.keys()].map((address, index) => ({ link, address, isWitness: index < MAX_WITNESSES })),
    ...others.slice(0, MAX_WITNESSES).map((address) => ({ link, address, isWitness: true })),
    { link, address: firstVip.address, isWitness: false },
  ];
}

/** A witness of one group is one for all. */
function uniqueMachines(machines: readonly AskedMachine[]): AskedMachine[] {
  const byKey = new Map<string, AskedMachine>();
  for (const machine of machines) {
    const key = `${machine.link} ${machine.address}`;
    const isWitness = machine.isWitness || (byKey.get(key)?.isWitness ?? false);
    byKey.set(key, { ...machine, isWitness });
  }
  return [...byKey.values()];
}

/** The sockets that receive the answers: one a link and family. */
function tapLines(machines: readonly AskedMachine[]): string[] {
  const byTap = Map.groupBy(machines, ({ link, address }) => `${link} ${isIpv6(address) ? IPV6 : ARP}`);
  return [...byTap].map(([tap, asked]) => {
    const addresses = asked.map(({ address }) => address);
    const filter = tap.endsWith(` ${ARP}`) ? arpFilter(addresses, undefined) : neighbourFilter(addresses);
    return `probe-tap ${tap} ${filterText(filter)}`;
  });
}

function machineLine(
  { link, address, isWitness }: AskedMachine,
  links: ReadonlyMap<string, ProbedLink>,
): string[] {
  const source = links.get(link);
  const question = source && addressProbe(address, source);
  if (question === undefined) return [];
  const { etherType, destination, packet } = question;
  return [
    `probe-machine ${link} ${hexOfAddress(address)} ${etherType} ${destination} ${packet} ${Number(isWitness)}`,
  ];
}

function groupLines(
  { instance, places }: ProbedGroup,
  links: ReadonlyMap<string, ProbedLink>,
  windowSeconds: number,
): string[] {
  const { interface: link, virtualRouterId, vrrpVersion, advertIntervalSeconds, firstVip } = instance;
  const path = advertPathOf(instance, links.get(link)?.linkLocal);
  if (path === undefined) return [];
  const key = probeKey(instance);
  const protocol = isIpv6(firstVip.address) ? IPV6 : IPV4;
  const type = vrrpVersion === 2 ? 0x21 : 0x31;
  const [own, vip, via] = [path.destination, firstVip.address, path.via].map(hexOfAddress);
  return [
    `probe-group ${key} ${link} ${protocol} ${type} ${virtualRouterId} ${own} ${vip} ${advertIntervalSeconds} ${via}`,
    ...[...places].map(
      ([owner, place]) =>
        `probe-owner ${key} ${hexOfAddress(owner)} ${delaySeconds(place, instance, windowSeconds)} ${releaseAdvert(instance, path, owner)}`,
    ),
  ];
}

function hexOfAddress(address: string): string {
  return hexOf(bytesOfAddress(address));
}
