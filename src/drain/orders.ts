/** Drain orders: the groups whose VIPs this host must give away. The command `drain` writes them for the agent. */
import * as v from "valibot";

export interface DrainOrders {
  /** When every group was drained, also those created later (ISO 8601); undefined if only single groups are. */
  readonly all?: string | undefined;
  /** When each single group was drained (ISO 8601), by its name. */
  readonly groups: Readonly<Record<string, string>>;
}

export const NO_DRAIN: DrainOrders = { groups: {} };

const ordersSchema = v.strictObject({
  all: v.optional(v.string()),
  groups: v.record(v.string(), v.string()),
});

/** The orders in the text of drain.json; undefined if it is damaged. */
export function drainOrdersOf(text: string): DrainOrders | undefined {
  try {
    return v.parse(ordersSchema, JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** An order that exists already keeps its time. @param group undefined drains all groups. */
export function addOrder(orders: DrainOrders, group: string | undefined, now: string): DrainOrders {
  if (group === undefined) return { all: orders.all ?? now, groups: orders.groups };
  return { all: orders.all, groups: { [group]: now, ...orders.groups } };
}

/** @param group undefined withdraws all orders. */
export function withdrawOrder(orders: DrainOrders, group: string | undefined): DrainOrders {
  if (group === undefined) return NO_DRAIN;
  const groups = Object.fromEntries(Object.entries(orders.groups).filter(([name]) => name !== group));
  return { all: orders.all, groups };
}

export function isDrainOrdered(orders: DrainOrders, group: string): boolean {
  return orders.all !== undefined || Object.hasOwn(orders.groups, group);
}
