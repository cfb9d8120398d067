/**
 * This host's network as `ip -json` tells it, and the two choices that depend on it: which interface carries
 * a group, and which address VRRP speaks from.
 */
import { type Family, isInSubnet } from "./address.ts";

export interface LocalAddress {
  readonly address: string;
  /** Prefix length in bits. */
  readonly prefix: number;
  /** Another address of the same subnet was on the interface before it. */
  readonly isSecondary: boolean;
  /**
   * Why VRRP had better not speak from it. `tentative`: it cannot, as another host may have the address (duplicate address
   * detection is under way, or found one). `passing`: not for long, as it is a temporary or deprecated one.
   */
  readonly flaw?: "tentative" | "passing";
}

export interface LocalInterface {
  readonly name: string;
  /** The kernel's number for it: another one made later under the same name has another. */
  readonly index?: number;
  /** Names that an operator may use as well; keepalived does not know them. */
  readonly altNames?: readonly string[];
  /** Of Ethernet: `02:00:00:00:00:01`. */
  readonly mac?: string;
  readonly isLoopback: boolean;
  readonly addresses: readonly LocalAddress[];
}

export interface HostNetwork {
  readonly interfaces: readonly LocalInterface[];
  /** Interface of the default route with the lowest metric, by family. */
  readonly defaultRoute: Readonly<Partial<Record<Family, string>>>;
}

/** The same network without `addresses`: VIPs come and go, and must not take part in any choice. */
export function withoutAddresses(network: HostNetwork, addresses: ReadonlySet<string>): HostNetwork {
  const interfaces = network.interfaces.map((link) => ({
    ...link,
    addresses: link.addresses.filter(({ address }) => !addresses.has(address)),
  }));
  return { ...network, interfaces };
}

/** Every address of this host, canonical. */
export function allAddresses(network: HostNetwork): string[] {
  return network.interfaces.flatMap((link) => link.addresses.map(({ address }) => address));
}

/** The addresses that VRRP could speak from, canonical. */
export function speakableAddresses(network: HostNetwork): string[] {
  const speakable = network.interfaces.flatMap((link) => link.addresses.filter(isSpeakable));
  return speakable.map(({ address }) => address);
}

export function isSpeakable({ flaw }: LocalAddress): boolean {
  return flaw !== "tentative";
}

/** The interface that an operator calls so. */
export function findInterface(network: HostNetwork, name: string): LocalInterface | undefined {
  return network.interfaces.find((link) => link.name === name || link.altNames?.includes(name));
}

/** Whether an address means a host only together with an interface. */
export function isLinkLocal(address: string): boolean {
  return isInSubnet(address, "fe80::", 10);
}
