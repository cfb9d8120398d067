/** Advice to the operator about a host without peers, and about a sender that is not a peer. */

import type { MetadataView } from "../metadata/view.ts";
import type { ResolvedGroup } from "../settings/resolve-group.ts";
import { describeSource, type Sourced } from "../settings/source.ts";
import type { Instance } from "../vrrp/instance.ts";
import {
  derivePriority,
  FORMER_LOWEST_PRIORITY,
  HIGHEST_PRIORITY,
  LOWEST_PRIORITY,
} from "./shared-numbers.ts";

/**
 * Why this host has no peer although other hosts may exist; undefined where it has peers, or metadata says it is alone.
 *
 * @param listed the setting UNICAST_PEERS.
 * @param isStandalone whether METADATA_URL is off, so that metadata names no other host.
 */
export function adviseOnMissingPeers(
  { unicast }: Instance,
  listed: Sourced<readonly string[]> | undefined,
  isStandalone: boolean,
): string | undefined {
  if (unicast?.isAlone !== true) return undefined;
  if (listed !== undefined) return `${describeSource(listed.source)} lists no other host, so it has no peer`;
  return isStandalone
    ? "METADATA_URL is off and UNICAST_PEERS is not set, so this host has no peer. Another host with this VIP would be a " +
        "second owner: list it in UNICAST_PEERS, or set UNICAST=false"
    : undefined;
}

/**
 * Warns about a priority label that prefers no host: hosts without a label derive a higher priority, or one of them derives the
 * same. The environment and metadata are the same for all hosts, so beside such a priority no host derives one.
 */
export function adviseOnPriority(
  group: string,
  { group: { priority }, layers }: Pick<ResolvedGroup, "group" | "layers">,
  view: Pick<MetadataView, "snapshot" | "members">,
): string | undefined {
  if (priority?.source.kind !== "label") return undefined;
  if (layers.some((layer) => layer.priority?.source.kind === "metadata")) return undefined;
  const deriving = hostsThatDerive(group, view);
  const label = `${describeSource(priority.source)} is ${priority.value}`;
  if (priority.value === HIGHEST_PRIORITY) {
    const equal = deriving.filter(({ uuid }) => derivePriority(group, uuid) === HIGHEST_PRIORITY);
    const names = equal.map(({ name, uuid }) => name || uuid).join(", ");
    return equal.length === 0
      ? undefined
      : `${label}, and ${names} ${equal.length === 1 ? "derives" : "derive"} the same, so the host with the highest address is ` +
          `preferred. Set ${HIGHEST_PRIORITY - 1} there (label keepalived.${group}.priority) if this host is to be preferred`;
  }
  // earlier versions derived less
  if (priority.value < FORMER_LOWEST_PRIORITY || priority.value >= LOWEST_PRIORITY) return undefined;
  return deriving.length === 0
    ? undefined
    : `${label}: hosts without a priority label derive ` +
        `${LOWEST_PRIORITY}-${HIGHEST_PRIORITY} and are preferred to this one. Set ${HIGHEST_PRIORITY} if this host is to be ` +
        `preferred, or less than ${FORMER_LOWEST_PRIORITY} if it is to be the last`;
}

/** The other members without a label of the group's priority. */
function hostsThatDerive(group: string, { snapshot, members }: Pick<MetadataView, "snapshot" | "members">) {
  const memberUuids = new Set(members.map(({ hostUuid }) => hostUuid));
  return snapshot.hosts.filter(
    ({ uuid, labels }) =>
      uuid !== snapshot.self.uuid &&
      memberUuids.has(uuid) &&
      !["keepalived.priority", `keepalived.${group}.priority`].some((label) => Object.hasOwn(labels, label)),
  );
}

/** What to do about an owner that is not a peer, and whose VIPs this host leaves alone. */
export function adviseOnUnknownOwner(group: string, address: string): string {
  return (
    `${group}: ${address} sends adverts and is not a peer of this host, so this host leaves the virtual IPs to it. ` +
    "Correct UNICAST_PEERS, or find the agent that metadata does not list"
  );
}

/** What to do about an owner that is a member but sends this host no adverts. */
export function adviseOnSilentOwner(group: string, address: string): string {
  return (
    `${group}: ${address} owns the virtual IPs and sends this host no adverts, so this host waits. Look at \`status\` on ` +
    `${address}: its metadata may be old or not list this host, or it may be unable to write keepalived.conf`
  );
}

/** What to do about another machine that has the address by which the other hosts know this one. */
export function adviseOnOwnAddress(group: string, address: string): string {
  return (
    `${group}: another machine has ${address}, this host's address in metadata, and owns the virtual IPs. Rancher takes two machines for one ` +
    "host: set HOST_UUID per host, never in a service's environment. A copied machine " +
    "must be registered again with its own address"
  );
}

/** What to do about a host whose adverts keepalived drops. */
export function adviseOnUnknownSender(group: string, address: string): string {
  return (
    `${group}: ${address} sends adverts and is not a peer of this host, so they are dropped: both may own the VIP. ` +
    "Correct UNICAST_PEERS, or find the agent that metadata does not list"
  );
}
