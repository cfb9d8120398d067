/** Drain orders: the groups whose VIPs this host must give away. The command `drain` writes them for the agent. */
import * as v from "valibot";
import { byName } from "../text/by-name.ts";
import { tableOf } from "../text/table-schema.ts";

export interface DrainOrders {
  /** When every group was drained, also those created later (ISO 8601); undefined if only single groups are. */
  readonly all?: string | undefined;
  /** When each single group was drained (ISO 8601), by its name. */
  readonly groups: Readonly<Record<string, string>>;
}

export const NO_DRAIN: DrainOrders = { groups: {} };

/** Of a newer version's file, what this version knows counts. */
const ordersSchema = v.object({
  all: v.optional(v.string()),
  groups: tableOf(v.string()),
});

/** The orders in the text of drain.json; undefined if it is damaged. */
export function drainOrdersOf(text: string): DrainOrders | undefined {
  try {
    return v.parse(ordersSchema, JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Twice the groups that a service may have. Groups may be renamed for ever, and their orders would stay. */
const MAX_ORDERS = 510;

/**
 * The orders with one more, which is the first of them. An order that exists already keeps its time. If there are too
 * many, the last ones are withdrawn.
 *
 * @param group undefined drains all groups.
 */
export function addOrder(orders: DrainOrders, group: string | undefined, now: string): DrainOrders {
  if (group === undefined) return { all: orders.all ?? now, groups: orders.groups };
  const given = [[group, now] as const, ...Object.entries(orders.groups)];
  return { all: orders.all, groups: byName(Object.entries(byName(given)).slice(0, MAX_ORDERS)) };
}

/** @param group undefined withdraws all orders. */
export function withdrawOrder(orders: DrainOrders, group: string | undefined): DrainOrders {
  if (group === undefined) return NO_DRAIN;
  const groups = byName(Object.entries(orders.groups).filter(([name]) => name !== group));
  return { all: orders.all, groups };
}

export function hasNoOrder({ all, groups }: DrainOrders): boolean {
  return all === undefined && Object.keys(groups).length === 0;
}

export function isDrainOrdered(orders: DrainOrders, group: string): boolean {
  return orders.all !== undefined || Object.hasOwn(orders.groups, group);
}
