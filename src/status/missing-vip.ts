/**
 * VIPs that the owner of a group does not have on its interface, and why its kernel refuses one.
 *
 * The first VIP decides about ownership. Any other one is only repaired, because its loss must not move the first.
 */
import type { InstanceStatus } from "../keepalived/instance-status.ts";
import { isIpv6 } from "../network/address.ts";

/** An address on an interface of this host, canonical. */
export interface HeldAddress {
  readonly interface: string;
  readonly address: string;
  /** keepalived puts no VIP on such an interface. */
  readonly isLoopback?: true;
}

/** A VIP that should be on this host. */
export interface MissingVip extends HeldAddress {
  readonly group: string;
  /** Prefix length in bits. */
  readonly prefix: number;
}

/** What the owner lacks. */
export interface MissingVips {
  /** The group's first VIP, where that is missing. */
  readonly first: MissingVip | undefined;
  readonly others: readonly MissingVip[];
}

/** Whether the address is on its interface. */
export function isHeld(vip: HeldAddress, held: readonly HeldAddress[]): boolean {
  return held.some((other) => other.interface === vip.interface && other.address === vip.address);
}

/** The VIPs that an owner of the group should have on its interface, and has not. */
export function missingVipsOf(instance: InstanceStatus, held: readonly HeldAddress[]): MissingVips {
  const { name: group, interface: link } = instance;
  const wanted = instance.vips.map((vip): MissingVip => {
    const [address = "", prefix] = vip.split("/");
    return { group, interface: link, address, prefix: Number(prefix) };
  });
  const [first] = wanted;
  return {
    first: first !== undefined && !isHeld(first, held) ? first : undefined,
    others: wanted.slice(1).filter((vip) => !isHeld(vip, held)),
  };
}

/**
 * The further VIPs that this host's groups lack, for groups that have their first VIP. Empty if the addresses could not
 * be read.
 */
export function missingFurtherVips(
  instances: readonly InstanceStatus[],
  held: readonly HeldAddress[] | undefined,
): MissingVip[] {
  if (held === undefined) return [];
  const owned = instances.filter(({ state }) => state === "MASTER").map((each) => missingVipsOf(each, held));
  return owned.flatMap(({ first, others }) => (first === undefined ? others : []));
}

/**
 * Why the kernel refuses this VIP, where its settings tell. Undefined where they allow it.
 *
 * @param sysctl the value of a name such as `net.ipv6.conf.eth0.disable_ipv6`; undefined where the kernel has none.
 */
export function explainRefusal(
  { interface: link, address }: HeldAddress,
  sysctl: (name: string) => number | undefined,
): string | undefined {
  if (!isIpv6(address)) return undefined;
  if (sysctl("net.ipv6.conf.all.disable_ipv6") === undefined) return "the kernel of this host has no IPv6";
  const name = `net.ipv6.conf.${link}.disable_ipv6`;
  const isOff = sysctl(name);
  if (isOff === undefined) return `IPv6 does not run on ${link}: it needs an MTU of 1280 or more`;
  return isOff === 0 ? undefined : `IPv6 is off on ${link} (${name} is ${isOff})`;
}
