/** Whether an order to drain would leave VIPs without an owner. */

import type { InstanceStatus } from "../keepalived/instance-status.ts";
import type { Status } from "../status/status.ts";

/** The instances that an order is about. */
export function concernedBy(group: string | undefined, { instances }: Status): readonly InstanceStatus[] {
  return group === undefined ? instances : instances.filter(({ name }) => name === group);
}

/**
 * Why an order would leave VIPs without an owner, as far as this host can know; undefined where it would not.
 *
 * What is known of others: who is BACKUP hears an owner; of an owner's backups there is nothing to be heard, only what
 * metadata says of their hosts and containers. Whether their checks pass is known to themselves alone.
 */
export function objectToDrain(status: Status, group: string | undefined): string | undefined {
  const orphaned = concernedBy(group, status).filter(
    (instance) => instance.state !== "BACKUP" && instance.state !== "FAULT" && !hasHeir(instance, status),
  );
  if (orphaned.length === 0) return undefined;
  const names = orphaned.map(({ name }) => name).join(", ");
  return status.metadata.source === "live"
    ? `no other host of ${names} runs by metadata`
    : `without live metadata nothing is known of the other hosts of ${names}`;
}

function hasHeir({ peers }: InstanceStatus, { members, metadata }: Status): boolean {
  const heirs = members.filter(
    ({ addresses, presence }) =>
      presence === "running" && (peers.length === 0 || peers.some((peer) => addresses.includes(peer))),
  );
  return metadata.source === "live" && heirs.length > 0;
}
