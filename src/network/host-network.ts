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

export interface LocalNetwork {
  readonly interfaces: readonly LocalInterface[];
  /** Interface of the default route with the lowest metric, by family. */
  readonly defaultRoute: Readonly<Partial<Record<Family, string>>>;
}

const linksSchema = v.array(
  v.object({
    // `ip -json address show` prints empty objects for links that it filtered out
    ifname: v.optional(v.string()),
    ifindex: v.optional(v.number()),
    link_type: v.optional(v.string()),
    address: v.optional(v.string()),
    altnames: v.optional(v.array(v.string())),
    flags: v.optional(v.array(v.string()), []),
    addr_info: v.optional(
      v.array(
        v.object({
          local: v.optional(v.string()),
          prefixlen: v.optional(v.number()),
          secondary: v.optional(v.boolean(), false),
          tentative: v.optional(v.boolean(), false),
          dadfailed: v.optional(v.boolean(), false),
          temporary: v.optional(v.boolean(), false),
          deprecated: v.optional(v.boolean(), false),
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
            ...(link.ifindex !== undefined && { index: link.ifindex }),
            ...(link.altnames && { altNames: link.altnames }),
            ...(link.link_type === "ether" && link.address !== undefined && { mac: link.address }),
            isLoopback: link.flags.includes("LOOPBACK"),
            addresses: link.addr_info.flatMap(({ local, prefixlen, ...flags }) => {
              const address = canonicalAddress(local ?? "");
              return address === undefined || prefixlen === undefined
                ? []
                : [{ address, prefix: prefixlen, isSecondary: flags.secondary, ...flawOf(flags) }];
            }),
          },
        ],
  );
}

function flawOf(
  flags: Record<"tentative" | "dadfailed" | "temporary" | "deprecated", boolean>,
): Pick<LocalAddress, "flaw"> {
  if (flags.tentative || flags.dadfailed) return { flaw: "tentative" };
  return flags.temporary || flags.deprecated ? { flaw: "passing" } : {};
}

/** `ip -json route show default` as the interface that it prefers. @throws {ValiError} where it is not that. */
export function parseDefaultRoute(json: unknown): string | undefined {
  const routes = v.parse(routesSchema, json).filter((route) => route.dev !== undefined);
  return routes.toSorted((a, b) => a.metric - b.metric)[0]?.dev;
}

/** Where the kernel sends what is meant for an address. `unknown`: it was not told in words that are known. */
export type Route =
  | { readonly kind: "direct" | "none" | "unknown" }
  | { readonly kind: "gateway"; readonly gateway: string };

const routeSchema = v.array(v.object({ gateway: v.optional(v.string()) }));

/** `ip -json route get ADDRESS`. @throws {ValiError} where it is not that. */
export function parseRoute(json: unknown): Route {
  const [route] = v.parse(routeSchema, json);
  if (route === undefined) return { kind: "unknown" };
  return route.gateway === undefined ? { kind: "direct" } : { kind: "gateway", gateway: route.gateway };
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

/** The addresses that VRRP could speak from, canonical. */
export function speakableAddresses(network: LocalNetwork): string[] {
  const speakable = network.interfaces.flatMap((link) => link.addresses.filter(isSpeakable));
  return speakable.map(({ address }) => address);
}

function isSpeakable({ flaw }: LocalAddress): boolean {
  return flaw !== "tentative";
}

/** The interface that an operator calls so. */
export function findInterface(network: LocalNetwork, name: string): LocalInterface | undefined {
  return network.interfaces.find((link) => link.name === name || link.altNames?.includes(name));
}

/** An interface, and what it was chosen by. */
export type InterfaceChoice =
  | { readonly name: string; readonly by: "subnet"; readonly subnet: string }
  | { readonly name: string; readonly by: "source" | "route" };

/**
 * The interface for a group without a setting: the one whose subnet holds `firstVip` (the narrowest,
 * if several), else the only one that has `source`, else the default route's. Undefined where none fits. The link-local
 * subnet is every interface's, and tells none apart.
 */
export function chooseInterface(
  network: LocalNetwork,
  firstVip: string,
  source: string | undefined,
): InterfaceChoice | undefined {
  const usable = network.interfaces.filter((link) => !link.isLoopback);
  const [inSubnet] = usable
    .flatMap((link) => link.addresses.map((local) => ({ name: link.name, ...local })))
    .filter((local) => !isLinkLocal(firstVip) && isInSubnet(firstVip, local.address, local.prefix))
    .toSorted((a, b) => b.prefix - a.prefix || (a.name < b.name ? -1 : 1));
  if (inSubnet !== undefined) {
    const { name, address, prefix } = inSubnet;
    return { name, by: "subnet", subnet: subnetOf(address, prefix) };
  }
  const withSource = usable.filter((link) => link.addresses.some(({ address }) => address === source));
  const [bySource] = withSource;
  if (bySource !== undefined && withSource.length === 1) return { name: bySource.name, by: "source" };
  const name = network.defaultRoute[familyOf(firstVip)];
  return name === undefined ? undefined : { name, by: "route" };
}

/**
 * The address of the family on an interface to speak from: one that stays, if there is any, and a link-local one only
 * where there is no other. IPv4's order is the kernel's, whose first is the subnet's primary; that of IPv6 means nothing.
 */
export function chooseSource(link: LocalInterface, family: Family): string | undefined {
  const candidates = link.addresses.filter(
    (local) => familyOf(local.address) === family && isSpeakable(local),
  );
  if (family === "ipv6") candidates.sort((a, b) => (a.address < b.address ? -1 : 1));
  return candidates.toSorted((a, b) => weaknessOf(a) - weaknessOf(b))[0]?.address;
}

function weaknessOf({ address, flaw }: LocalAddress): number {
  return 2 * Number(flaw === "passing") + Number(isLinkLocal(address));
}

/** Whether an address means a host only together with an interface. */
export function isLinkLocal(address: string): boolean {
  return isInSubnet(address, "fe80::", 10);
}
