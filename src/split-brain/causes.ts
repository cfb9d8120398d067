/**
 * The causes of a split brain, the operator's next step for each, and one clause that sums up all suspicions of a host.
 */

import { DIFFERENCE_HINTS, type DifferenceCause } from "../vrrp/difference-hints.ts";

export const SPLIT_BRAIN_CAUSES = [
  "adverts-blocked",
  "unheard",
  "two-owners",
  "address-in-use",
  "same-mac",
  "unknown-host",
  "foreign-router",
  "version",
  "transport",
  "vrid",
  "password",
  "vips",
  "interval",
  "ttl",
] as const satisfies readonly (DifferenceCause | string)[];

export type SplitBrainCause = (typeof SPLIT_BRAIN_CAUSES)[number];

export const SPLIT_BRAIN_HINTS: Readonly<Record<SplitBrainCause, string>> = {
  "adverts-blocked":
    "Accept IP protocol 112 from the named host on this host (`iptables -I INPUT -p 112 -s HOST -j ACCEPT`).",
  unheard: "Find what drops IP protocol 112 on the named host, or on the way to it, and accept it there.",
  "two-owners": "Run `status` on the named hosts: the one that does not hear the other says why.",
  "address-in-use":
    "Find the host with this MAC address. If an agent runs there, accept IP protocol 112 between the two. If none runs there, remove the address from it.",
  "same-mac":
    "Give one of the two machines another MAC address. Machines that were cloned often share theirs.",
  "unknown-host":
    "Add the host to UNICAST_PEERS if it belongs to this group. Otherwise stop the agent or keepalived on it.",
  "foreign-router": "Give this group or the other router another VRID.",
  ...DIFFERENCE_HINTS,
};

interface Suspected {
  readonly group: string;
  readonly cause: SplitBrainCause;
}

/** Each text once: two hosts that are owners together are two suspicions that say the same. */
export function distinctSuspicions<
  One extends { readonly group: string; readonly cause: string; readonly text: string },
>(suspicions: readonly One[]): One[] {
  const keyOf = ({ group, cause, text }: One) => JSON.stringify([group, cause, text]);
  return [...Map.groupBy(suspicions, keyOf).values()].flatMap(([first]) => first ?? []);
}

/** One clause for a heading, such as `another host may own the VIPs of main`. Undefined without a suspicion. */
export function describeSplitBrain(suspicions: readonly Suspected[]): string | undefined {
  const groupsWhere = (isMeant: (one: Suspected) => boolean) =>
    [...new Set(suspicions.filter(isMeant).map(({ group }) => group))].join(", ");
  const owned = groupsWhere(({ cause }) => cause !== "foreign-router");
  if (owned !== "") return `another host may own the VIPs of ${owned}`;
  const shared = groupsWhere(({ cause }) => cause === "foreign-router");
  return shared === "" ? undefined : `another router uses the VRID of ${shared}`;
}
