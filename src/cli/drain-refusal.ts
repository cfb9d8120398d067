/** Refuses an order to drain that would leave virtual IPs without an owner. */
import type { InstanceStatus } from "../keepalived/instance-status.ts";
import type { Status } from "../status/status.ts";

/** The instances of `group`, or all if it is undefined. */
export function instancesOf(group: string | undefined, { instances }: Status): readonly InstanceStatus[] {
  return group === undefined ? instances : instances.filter(({ name }) => name === group);
}

/**
 * Says why draining would leave virtual IPs without an owner, as far as this host can know; undefined if it would not.
 *
 * A BACKUP hears an owner. An owner cannot hear its backups, so only metadata says whether their hosts and containers run.
 * Only a host itself knows whether its checks pass.
 */
export function drainRefusal(status: Status, group: string | undefined): string | undefined {
  const ownerless = instancesOf(group, status).filter(
    (instance) =>
      instance.state !== "BACKUP" && instance.state !== "FAULT" && !hasRunningPeer(instance, status),
  );
  if (ownerless.length === 0) return undefined;
  const names = ownerless.map(({ name }) => name).join(", ");
  return status.metadata.source === "live"
    ? `metadata shows no other running host for ${names}`
    : `without live metadata it is unknown whether another host of ${names} runs`;
}

/** With multicast the file names no peers, and every other member counts. */
function hasRunningPeer({ peers }: InstanceStatus, { members, metadata }: Status): boolean {
  const running = members.filter(
    ({ addresses, presence }) =>
      presence === "running" && (peers.length === 0 || peers.some((peer) => addresses.includes(peer))),
  );
  return metadata.source === "live" && running.length > 0;
}
