import { expect, it } from "vitest";
import { derivePreviousOwner, keepDumps, type TimedDump } from "../../src/keepalived/previous-owner.ts";

type State = TimedDump["state"]["state"];

const told = (atMs: number, state: State, stats: Record<string, number>): TimedDump => ({
  atMs,
  state: { state, stats },
});
const heard = (advert_rcvd: number, pri_zero_rcvd: number) => ({ advert_rcvd, pri_zero_rcvd });

/** What the last of the accounts says, after the others were taken in one by one. */
function lastOf(accounts: readonly TimedDump[]) {
  const before = accounts.slice(0, -1).reduce<TimedDump[]>(keepDumps, []);
  return derivePreviousOwner(before, accounts.at(-1)!);
}

it.each([
  { before: heard(10, 0), after: heard(40, 1), how: "given-up" },
  { before: heard(10, 1), after: heard(40, 1), how: "silent" },
  { before: heard(0, 0), after: heard(0, 0), how: "none-heard" },
  { before: heard(40, 1), after: heard(40, 1), how: "none-heard" },
  { before: heard(40, 1), after: heard(3, 1), how: "given-up" },
  { before: heard(40, 2), after: heard(3, 0), how: "silent" },
  { before: {}, after: {}, how: "none-heard" },
])("from $before to $after the owner was $how", ({ before, after, how }) => {
  expect(lastOf([told(0, "BACKUP", before), told(9_000, "MASTER", after)])).toBe(how);
});

it("says nothing where this host was owner before, does not become it, or is told of for the first time", () => {
  expect(lastOf([told(0, "MASTER", heard(1, 0)), told(9_000, "MASTER", heard(2, 0))])).toBeUndefined();
  expect(lastOf([told(0, "BACKUP", heard(1, 0)), told(9_000, "FAULT", heard(2, 0))])).toBeUndefined();
  expect(lastOf([told(0, "MASTER", heard(1, 0))])).toBeUndefined();
});

it("calls an owner silent that was heard, also where an account is of within its silence", () => {
  const accounts = [
    told(0, "FAULT", heard(0, 0)),
    told(4_700, "BACKUP", heard(40, 0)),
    told(4_900, "BACKUP", heard(40, 0)),
    told(5_000, "MASTER", heard(40, 0)),
  ];

  expect(lastOf(accounts)).toBe("silent");
});

it("does not take an earlier owner's farewell for the last one's", () => {
  const accounts = [
    told(0, "BACKUP", heard(10, 0)),
    told(60_000, "BACKUP", heard(400, 1)),
    told(61_000, "MASTER", heard(405, 1)),
  ];

  expect(lastOf(accounts)).toBe("silent");
});

it("counts from when this host was owner itself", () => {
  const accounts = [
    told(0, "BACKUP", heard(10, 0)),
    told(1_000, "MASTER", heard(20, 1)),
    told(2_000, "BACKUP", heard(25, 1)),
    told(3_000, "MASTER", heard(30, 1)),
  ];

  expect(lastOf(accounts)).toBe("silent");
});

it("keeps few accounts, however many are told", () => {
  const many = Array.from({ length: 1_000 }, (_, index) => told(index * 1_000, "BACKUP", heard(index, 0)));

  expect(many.reduce<TimedDump[]>(keepDumps, []).length).toBeLessThan(10);
});
