/** This host's network: its interfaces, their addresses, and the default routes. */
import { type Family, isInSubnet } from "./address.ts";

export interface LocalAddress {
  readonly address: string;
  /** Prefix length in bits. */
  readonly prefix: number;
  /** Whether another address of the same subnet was on the interface earlier. */
  readonly isSecondary: boolean;
  /** The kernel removes it at the end of a lifetime, unless that is renewed. */
  readonly hasLifetime?: true;
  /**
   * Why it is a poor source for VRRP. `tentative`: it cannot send, because duplicate address detection is under way or has
   * failed. `passing`: it will go soon, because it is temporary or deprecated.
   */
  readonly flaw?: "tentative" | "passing";
  /**
   * Whether a program that configures the host set it: with a broadcast address (IPv4), with duplicate address detection
   * (IPv6), or without a route to its subnet. keepalived sets a VIP in none of these ways.
   */
  readonly isConfigured?: boolean;
}

export interface LocalInterface {
  readonly name: string;
  /** The kernel's number for it. A later interface of the same name has another number. */
  readonly index?: number;
  /** Further names that an operator may use. keepalived does not know them. */
  readonly altNames?: readonly string[];
  /** `02:00:00:00:00:01`; undefined for an interface that is not Ethernet. */
  readonly mac?: string;
  readonly isLoopback: boolean;
  /** It is switched off, or has no carrier. */
  readonly isDown?: boolean;
  readonly isBridge?: boolean;
  /** Whether containers are behind it: other hosts may have the same addresses on such an interface. */
  readonly isForContainers?: boolean;
  readonly addresses: readonly LocalAddress[];
}

export interface HostNetwork {
  readonly interfaces: readonly LocalInterface[];
  /** The interface of the default route with the lowest metric, by address family. */
  readonly defaultRoute: Readonly<Partial<Record<Family, string>>>;
}

/** The same network without `addresses`. VIPs come and go, so no choice may depend on them. */
export function withoutAddresses(network: HostNetwork, addresses: ReadonlySet<string>): HostNetwork {
  const interfaces = network.interfaces.map((link) => ({
    ...link,
    addresses: link.addresses.filter(({ address }) => !addresses.has(address)),
  }));
  return { ...network, interfaces };
}

/** Where some addresses are, and which links work. */
export interface ObservedAddresses {
  readonly held: readonly {
    readonly interface: string;
    readonly address: string;
    readonly hasLifetime: boolean;
    readonly isLoopback?: true;
  }[];
  /** The interfaces that are up and have a carrier. */
  readonly linksUp: ReadonlySet<string>;
}

/** Every place on this host that has one of `addresses`. */
export function observeIn(
  interfaces: readonly LocalInterface[],
  addresses: ReadonlySet<string>,
): ObservedAddresses {
  const held = interfaces.flatMap((link) =>
    link.addresses
      .filter(({ address }) => addresses.has(address))
      .map(({ address, hasLifetime = false }) => ({
        interface: link.name,
        address,
        hasLifetime,
        ...(link.isLoopback && { isLoopback: true as const }),
      })),
  );
  const up = interfaces.filter(({ isDown }) => isDown !== true);
  return { held, linksUp: new Set(up.map(({ name }) => name)) };
}

/** Every address of this host, canonical. */
export function allAddresses(network: HostNetwork): string[] {
  return network.interfaces.flatMap((link) => link.addresses.map(({ address }) => address));
}

/** The addresses from which VRRP can send, canonical. */
export function speakableAddresses(network: HostNetwork): string[] {
  const speakable = network.interfaces.flatMap((link) => link.addresses.filter(isSpeakable));
  return speakable.map(({ address }) => address);
}

export function isSpeakable({ flaw }: LocalAddress): boolean {
  return flaw !== "tentative";
}

/** The interface of that name or alternative name. */
export function findInterface(network: HostNetwork, name: string): LocalInterface | undefined {
  return network.interfaces.find((link) => link.name === name || link.altNames?.includes(name));
}

/** A link-local IPv6 address of the interface from which it can send. */
export function linkLocalOf({ addresses }: LocalInterface): string | undefined {
  return addresses.find((one) => isLinkLocal(one.address) && isSpeakable(one))?.address;
}

/** Whether an address is unique only on its link. */
export function isLinkLocal(address: string): boolean {
  return isInSubnet(address, "fe80::", 10);
}
