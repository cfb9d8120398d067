/**
 * What certainly stops a client's packet between the nat table and the target that DNAT gave it.
 *
 * Only certain facts count. A fact that cannot be read does not count, because doubt must not take the VIP from a host.
 */
import { findForwardBlocker } from "../iptables/filter-walk.ts";
import type { ForwardedPacket } from "../iptables/forward-match.ts";
import type { FilterRead } from "../iptables/table-read.ts";
import { familyOf } from "../network/address.ts";
import type { Route } from "../network/ip-json.ts";

/** The packet that leaves the nat table. Where it goes out depends on the route. */
export type TranslatedPacket = Omit<ForwardedPacket, "outInterface" | "direction">;

export interface PathFault {
  /** An id that never changes. */
  readonly reason: "forwarding-off" | "no-route" | "forward-dropped";
  /** What was found, and the operator's next step. */
  readonly detail: string;
}

export interface PathFacts {
  /** The route of this host's own packets to the target. */
  readonly route: Route;
  /** Whether packets that are forwarded may take another route. */
  readonly hasOtherRoutes: boolean;
  readonly filters: readonly FilterRead[];
}

const IPV4_FORWARDING = "net.ipv4.ip_forward";
const IPV6_FORWARDING = "net.ipv6.conf.all.forwarding";

export function findPathFault(packet: TranslatedPacket, facts: PathFacts): PathFault | undefined {
  const { route, hasOtherRoutes } = facts;
  if (!isForwarded(route)) return undefined;
  if (route.kind === "none" && !hasOtherRoutes) {
    const next = "restart Docker, then Rancher's network services, on this host";
    return { reason: "no-route", detail: `there is no route to ${packet.target}: ${next}` };
  }
  const link = hasOtherRoutes || !("link" in route) ? undefined : route.link;
  const { filters } = facts;
  const first = findDrop({ ...packet, direction: "to-target", outInterface: link }, filters);
  return first ?? findDrop(answerTo(packet, link), filters);
}

/** The client may be behind any interface but the target's, through which it did not come in. */
function answerTo(packet: TranslatedPacket, link: string | undefined): ForwardedPacket {
  const avoidedInterface = packet.inInterface === undefined || packet.inInterface === link ? undefined : link;
  return {
    ...packet,
    direction: "from-target",
    inInterface: link,
    outInterface: undefined,
    avoidedInterface,
  };
}

function findDrop(packet: ForwardedPacket, filters: readonly FilterRead[]): PathFault | undefined {
  const { direction, target, targetPort } = packet;
  for (const { family, backend, read } of filters) {
    if (family !== familyOf(target) || read.kind !== "table") continue;
    const blocker = findForwardBlocker(read.text, packet);
    if (blocker === undefined) continue;
    const what = `${direction === "to-target" ? "" : "answers from "}${target}:${targetPort}`;
    const next = "accept it, or restart Docker, then Rancher's network services, which set such rules";
    const detail = `${what} is dropped by ${blocker}, ${family === "ipv4" ? "iptables" : "ip6tables"} of ${backend}: ${next}`;
    return { reason: "forward-dropped", detail };
  }
  return undefined;
}

/**
 * Whether packets to the target certainly leave this host. Packets to a target on this host itself are not forwarded.
 */
export function isForwarded(route: Route): boolean {
  return route.kind !== "unknown" && !(route.kind === "direct" && route.link === "lo");
}

/**
 * The kernel setting that lets the packet through, as 1. For IPv4 it is that of the interface that the packet comes in
 * through. For IPv6 it is one for all.
 */
export function forwardingSetting({ inInterface, target }: TranslatedPacket): string {
  if (familyOf(target) === "ipv6") return IPV6_FORWARDING;
  return inInterface === undefined ? IPV4_FORWARDING : `net.ipv4.conf.${inInterface}.forwarding`;
}

/** @param setting the kernel setting that is 0. */
export function forwardingOff(setting: string): PathFault {
  const forAll = setting === IPV6_FORWARDING ? IPV6_FORWARDING : IPV4_FORWARDING;
  return { reason: "forwarding-off", detail: `${setting} is 0: set ${forAll} to 1` };
}
