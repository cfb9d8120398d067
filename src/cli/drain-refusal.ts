/** Refuses an order to drain that would leave virtual IPs without an owner, and warns where that is likely. */
import type { Cluster } from "../cluster/cluster.ts";
import type { GroupStatus } from "../status/owner.ts";
import type { Status } from "../status/status.ts";

/** The instances of `group`, or all if it is undefined. */
export function instancesOf(group: string | undefined, { instances }: Status): readonly GroupStatus[] {
  return group === undefined ? instances : instances.filter(({ name }) => name === group);
}

/**
 * Says why draining would leave virtual IPs without an owner, as far as this host can know; undefined if it would not.
 *
 * An owner cannot hear its backups, so only metadata says whether their hosts and containers run. Only a host itself
 * knows whether its checks pass. Its report decides nothing here, but is a reason to warn (`spareWarnings`).
 */
export function drainRefusal(status: Status, group: string | undefined): string | undefined {
  const ownerless = instancesOf(group, status).filter(
    (instance) => mayBeNeeded(instance) && !hasRunningPeer(instance, status),
  );
  if (ownerless.length === 0) return undefined;
  const names = ownerless.map(({ name }) => name).join(", ");
  return status.metadata.source === "live"
    ? `metadata shows no other running host for ${names}`
    : `without live metadata it is unknown whether another host of ${names} runs`;
}

/** Without metadata `status --all` shows this host alone. */
export function refusalHint({ metadata: { source } }: Status): { readonly hint?: string } {
  if (source !== "off") return {};
  return { hint: "Run `rancher-keepalived status` on the other host. If it is well there, add --force." };
}

/** Whether this host owns the group, or may be about to. A backup that hears an owner is not needed now. */
function mayBeNeeded({ state, noOwner }: GroupStatus): boolean {
  return state === "BACKUP" ? noOwner !== undefined : state !== "FAULT";
}

/** With multicast the file names no peers, and every other member counts. */
function hasRunningPeer({ peers }: GroupStatus, { members, metadata }: Status): boolean {
  const running = members.filter(
    ({ addresses, presence }) =>
      presence === "running" && (peers.length === 0 || peers.some((peer) => addresses.includes(peer))),
  );
  return metadata.source === "live" && running.length > 0;
}

/**
 * A sentence for each of these groups that no host is known to be able to take over: the other hosts say so, hang or do
 * not exist. If no host has opened HTTP_LISTEN, as by default, nothing is known and nothing is said.
 */
export function spareWarnings({ members, groups }: Cluster, names: ReadonlySet<string>): string[] {
  const closed = new Set(members.flatMap(({ uuid, isClosed }) => (isClosed ? uuid : [])));
  return groups
    .filter(({ name, spares }) => names.has(name) && spares.some(({ uuid }) => !closed.has(uuid)))
    .filter(({ spares }) => spares.every(({ canTakeOver }) => !canTakeOver))
    .map(({ name, spares }) => {
      const reasons = spares.map(({ host, why }) => `${host}: ${why}`).join("; ");
      return `${name}: no other host is known to be able to take over (${reasons})`;
    });
}
