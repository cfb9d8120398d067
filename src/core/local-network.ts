/**
 * This host's network as `ip -json` tells it, and the two choices that depend on it: which interface carries
 * a group, and which address VRRP speaks from.
 */
import * as v from "valibot";
import { canonicalAddress, type Family, familyOf, isInSubnet, subnetOf } from "./address.ts";

export interface LocalAddress {
  readonly address: string;
  /** Prefix length in bits. */
  readonly prefix: number;
  /** Another address of the same subnet was on the interface before it. */
  readonly isSecondary: boolean;
}

export interface LocalInterface {
  readonly name: string;
  readonly isLoopback: boolean;
  readonly addresses: readonly LocalAddress[];
}

export interface LocalNetwork {
  readonly interfaces: readonly LocalInterface[];
  /** Interface of the default route with the lowest metric, by family. */
  readonly defaultRoute: Readonly<Partial<Record<Family, string>>>;
}

const linksSchema = v.array(
  v.object({
    // `ip -json address show` prints empty objects for links that it filtered out
    ifname: v.optional(v.string()),
    flags: v.optional(v.array(v.string()), []),
    addr_info: v.optional(
      v.array(
        v.object({
          local: v.optional(v.string()),
          prefixlen: v.optional(v.number()),
          secondary: v.optional(v.boolean(), false),
        }),
      ),
      [],
    ),
  }),
);
const routesSchema = v.array(v.object({ dev: v.optional(v.string()), metric: v.optional(v.number(), 0) }));

/** `ip -json address show` as interfaces. @throws {ValiError} where it is not that. */
export function parseLinks(json: unknown): LocalInterface[] {
  return v.parse(linksSchema, json).flatMap((link) =>
    link.ifname === undefined
      ? []
      : [
          {
            name: link.ifname,
            isLoopback: link.flags.includes("LOOPBACK"),
            addresses: link.addr_info.flatMap(({ local, prefixlen, secondary }) => {
              const address = canonicalAddress(local ?? "");
              return address === undefined || prefixlen === undefined
                ? []
                : [{ address, prefix: prefixlen, isSecondary: secondary }];
            }),
          },
        ],
  );
}

/** `ip -json route show default` as the interface that it prefers. @throws {ValiError} where it is not that. */
export function parseDefaultRoute(json: unknown): string | undefined {
  const routes = v.parse(routesSchema, json).filter((route) => route.dev !== undefined);
  return routes.toSorted((a, b) => a.metric - b.metric)[0]?.dev;
}

/** The same network without `addresses`: VIPs come and go, and must not take part in any choice. */
export function withoutAddresses(network: LocalNetwork, addresses: ReadonlySet<string>): LocalNetwork {
  const interfaces = network.interfaces.map((link) => ({
    ...link,
    addresses: link.addresses.filter(({ address }) => !addresses.has(address)),
  }));
  return { ...network, interfaces };
}

/** Every address of this host, canonical. */
export function allAddresses(network: LocalNetwork): string[] {
  return network.interfaces.flatMap((link) => link.addresses.map(({ address }) => address));
}

/** An interface, and what it was chosen by. */
export type InterfaceChoice =
  | { readonly name: string; readonly by: "subnet"; readonly subnet: string }
  | { readonly name: string; readonly by: "source" | "route" };

/**
 * The interface for a group without a setting: the one whose subnet holds `firstVip` (the narrowest,
 * if several), else the one that has `source`, else the default route's. Undefined where none fits.
 */
export function chooseInterface(
  network: LocalNetwork,
  firstVip: string,
  source: string | undefined,
): InterfaceChoice | undefined {
  const usable = network.interfaces.filter((link) => !link.isLoopback);
  const [inSubnet] = usable
    .flatMap((link) => link.addresses.map((local) => ({ name: link.name, ...local })))
    .filter((local) => isInSubnet(firstVip, local.address, local.prefix))
    .toSorted((a, b) => b.prefix - a.prefix || (a.name < b.name ? -1 : 1));
  if (inSubnet !== undefined) {
    const { name, address, prefix } = inSubnet;
    return { name, by: "subnet", subnet: subnetOf(address, prefix) };
  }
  const withSource = usable.find((link) => link.addresses.some(({ address }) => address === source));
  if (withSource !== undefined) return { name: withSource.name, by: "source" };
  const name = network.defaultRoute[familyOf(firstVip)];
  return name === undefined ? undefined : { name, by: "route" };
}

/** First address of the family on an interface; a link-local one only where there is no other. */
export function chooseSource(link: LocalInterface, family: Family): string | undefined {
  const candidates = link.addresses.filter(({ address }) => familyOf(address) === family);
  const routable = candidates.find(({ address }) => !isInSubnet(address, "fe80::", 10));
  return (routable ?? candidates[0])?.address;
}
