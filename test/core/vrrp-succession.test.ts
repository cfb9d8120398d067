import { expect, it } from "vitest";
import { successionOf } from "../../src/core/vrrp-succession.ts";

const heard = (advert_rcvd: number, pri_zero_rcvd: number) => ({ stats: { advert_rcvd, pri_zero_rcvd } });

it.each([
  { before: heard(10, 0), after: heard(40, 1), how: "given-up" },
  { before: heard(10, 1), after: heard(40, 1), how: "silent" },
  { before: heard(0, 0), after: heard(0, 0), how: "none-heard" },
  { before: heard(40, 1), after: heard(40, 1), how: "none-heard" },
  { before: heard(40, 1), after: heard(3, 1), how: "given-up" },
  { before: heard(40, 2), after: heard(3, 0), how: "silent" },
  { before: { stats: {} }, after: { stats: {} }, how: "none-heard" },
])("from $before.stats to $after.stats the owner was $how", ({ before, after, how }) => {
  expect(successionOf(before, after)).toBe(how);
});
