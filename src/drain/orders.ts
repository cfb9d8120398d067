/** Orders to give VIPs away, as the command `drain` leaves them for the agent; they outlive both. */
import * as v from "valibot";

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
export function drainOrdersOf(text: string): DrainOrders | undefined {
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

export function isDrainOrdered(orders: DrainOrders, group: string): boolean {
  return orders.all !== undefined || Object.hasOwn(orders.groups, group);
}
