/** Orders to give VIPs away, as the command `drain` leaves them for the agent; they outlive both. */
import * as v from "valibot";
import type { InstanceStatus, Status } from "./status.ts";

export interface DrainOrders {
  /** ISO 8601, since when every group is to be drained, also one that begins later; undefined: not all. */
  readonly all?: string | undefined;
  /** The same of single groups, by name. */
  readonly groups: Readonly<Record<string, string>>;
}

export const NO_DRAIN: DrainOrders = { groups: {} };

const ordersSchema = v.strictObject({
  all: v.optional(v.string()),
  groups: v.record(v.string(), v.string()),
});

/** The orders in a file's text; undefined where it is damaged. */
export function parseDrain(text: string): DrainOrders | undefined {
  try {
    return v.parse(ordersSchema, JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** @param group undefined: all. */
export function addOrder(orders: DrainOrders, group: string | undefined, now: string): DrainOrders {
  if (group === undefined) return { all: orders.all ?? now, groups: orders.groups };
  return { all: orders.all, groups: { [group]: now, ...orders.groups } };
}

/** @param group undefined: all. */
export function withdrawOrder(orders: DrainOrders, group: string | undefined): DrainOrders {
  if (group === undefined) return NO_DRAIN;
  const groups = Object.fromEntries(Object.entries(orders.groups).filter(([name]) => name !== group));
  return { all: orders.all, groups };
}

export function isOrdered(orders: DrainOrders, group: string): boolean {
  return orders.all !== undefined || Object.hasOwn(orders.groups, group);
}

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
