import { describe, expect, it } from "vitest";
import {
  addOrder,
  type DrainOrders,
  drainOrdersOf,
  isDrainOrdered,
  NO_DRAIN,
  withdrawOrder,
} from "../../src/drain/orders.ts";

const AT = "2026-11-22T14:00:00.000Z";
const LATER = "2026-11-22T15:00:00.000Z";
/** A group may have any of these names. */
const ODD_NAMES: DrainOrders = JSON.parse(`{"groups":{"constructor":"${AT}","__proto__":"${LATER}"}}`);

describe("orders", () => {
  it("are kept for each group, with the time of its first order", () => {
    const web = addOrder(NO_DRAIN, "web", AT);
    const both = addOrder(addOrder(web, "mail", LATER), "web", LATER);

    expect(both.groups).toEqual({ web: AT, mail: LATER });
    expect(isDrainOrdered(both, "web")).toBe(true);
    expect(isDrainOrdered(both, "db")).toBe(false);
    expect(withdrawOrder(both, "web").groups).toEqual({ mail: LATER });
  });

  it("for all groups include later groups, and are withdrawn all at once", () => {
    const all = addOrder(addOrder(NO_DRAIN, "web", AT), undefined, LATER);

    expect(isDrainOrdered(all, "one that begins later")).toBe(true);
    expect(withdrawOrder(all, undefined)).toEqual(NO_DRAIN);
  });

  it.each<DrainOrders>([
    NO_DRAIN,
    { all: AT, groups: {} },
    { groups: { web: AT, toString: LATER } },
    ODD_NAMES,
  ])("read back as they were written: %j", (orders) => {
    expect(drainOrdersOf(JSON.stringify(orders))).toEqual(orders);
  });

  it.each(["constructor", "__proto__", "toString"])(
    "are given and withdrawn for a group named %s",
    (group) => {
      const given = drainOrdersOf(JSON.stringify(addOrder(addOrder(NO_DRAIN, "web", AT), group, AT)));

      expect(isDrainOrdered(NO_DRAIN, group)).toBe(false);
      expect(given !== undefined && isDrainOrdered(given, group)).toBe(true);
      expect(given && JSON.stringify(withdrawOrder(given, group))).toBe(`{"groups":{"web":"${AT}"}}`);
    },
  );

  it("are for the latest groups, where very many were renamed", () => {
    let orders = NO_DRAIN;
    for (let number = 0; number < 2_000; number += 1) orders = addOrder(orders, `group-${number}`, AT);

    expect(Object.keys(orders.groups)).toHaveLength(510);
    expect(isDrainOrdered(orders, "group-1999")).toBe(true);
    expect(isDrainOrdered(orders, "group-0")).toBe(false);
  });

  it.each(["", "{", "null", "[]", '{"groups":{"web":1}}', '{"groups":{},"all":true}'])(
    "are refused where they are malformed: %s",
    (text) => {
      expect(drainOrdersOf(text)).toBeUndefined();
    },
  );
});
