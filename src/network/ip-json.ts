/** The JSON that iproute2 prints, parsed: links with their addresses, the default route, one route. */
import * as v from "valibot";
import { canonicalAddress, isIpv6 } from "./address.ts";
import type { LocalAddress, LocalInterface } from "./host-network.ts";

const linksSchema = v.array(
  v.object({
    // `ip -json address show` prints empty objects for links that it filtered out
    ifname: v.optional(v.string()),
    ifindex: v.optional(v.number()),
    link_type: v.optional(v.string()),
    address: v.optional(v.string()),
    altnames: v.optional(v.array(v.string())),
    flags: v.optional(v.array(v.string()), []),
    // with -details only
    linkinfo: v.optional(v.object({ info_kind: v.optional(v.string()) })),
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
          broadcast: v.optional(v.string()),
          nodad: v.optional(v.boolean(), false),
          noprefixroute: v.optional(v.boolean(), false),
          dynamic: v.optional(v.boolean(), false),
        }),
      ),
      [],
    ),
  }),
);

const routesSchema = v.array(v.object({ dev: v.optional(v.string()), metric: v.optional(v.number(), 0) }));

const routeSchema = v.array(v.object({ gateway: v.optional(v.string()), dev: v.optional(v.string()) }));

const rulesSchema = v.array(
  v.looseObject({ priority: v.number(), table: v.optional(v.string()), src: v.optional(v.string()) }),
);
const USUAL_RULES: Readonly<Record<number, string>> = { 0: "local", 32766: "main", 32767: "default" };

/** The interfaces in the output of `ip -json address show`. @throws {ValiError} for other JSON. */
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
            ...(!(link.flags.includes("UP") && link.flags.includes("LOWER_UP")) && { isDown: true }),
            ...(link.linkinfo?.info_kind === "bridge" && { isBridge: true }),
            addresses: link.addr_info.flatMap(({ local, prefixlen, ...flags }) => {
              const address = canonicalAddress(local ?? "");
              if (address === undefined || prefixlen === undefined) return [];
              const isConfigured =
                flags.noprefixroute || flags.broadcast !== undefined || (isIpv6(address) && !flags.nodad);
              return [
                {
                  address,
                  prefix: prefixlen,
                  isSecondary: flags.secondary,
                  ...(flags.dynamic && { hasLifetime: true as const }),
                  ...flawOf(flags),
                  ...(isConfigured && { isConfigured }),
                },
              ];
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

/** The preferred interface in the output of `ip -json route show default`. @throws {ValiError} for other JSON. */
export function parseDefaultRoute(json: unknown): string | undefined {
  const routes = v.parse(routesSchema, json).filter((route) => route.dev !== undefined);
  return routes.toSorted((a, b) => a.metric - b.metric)[0]?.dev;
}

/** How the kernel routes an address. `unknown`: iproute2's answer was not understood. */
export type Route =
  | { readonly kind: "none" | "unknown" }
  | { readonly kind: "direct"; readonly link?: string }
  | { readonly kind: "gateway"; readonly gateway: string; readonly link?: string };

/** The route in the output of `ip -json route get ADDRESS`. @throws {ValiError} for other JSON. */
export function parseRoute(json: unknown): Route {
  const [route] = v.parse(routeSchema, json);
  if (route === undefined) return { kind: "unknown" };
  const { gateway, dev } = route;
  const link = dev === undefined ? {} : { link: dev };
  if (gateway !== undefined) return { kind: "gateway", gateway, ...link };
  return { kind: "direct", ...link };
}

/**
 * Whether every packet to an address takes the same route, by the output of `ip -json rule show`: there are no rules but
 * those that the kernel makes itself. @throws {ValiError} for other JSON.
 */
export function hasOnlyUsualRules(json: unknown): boolean {
  return v.parse(rulesSchema, json).every(({ priority, table, src, ...selectors }) => {
    return USUAL_RULES[priority] === table && src === "all" && Object.keys(selectors).length === 0;
  });
}
