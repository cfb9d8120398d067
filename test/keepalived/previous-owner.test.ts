import { expect, it } from "vitest";
import { derivePreviousOwner, keepDumps, type TimedDump } from "../../src/keepalived/previous-owner.ts";

type State = TimedDump["dump"]["state"];

const dumped = (atMs: number, state: State, stats: Record<string, number>): TimedDump => ({
  atMs,
  dump: { state, stats },
});
const heard = (advert_rcvd: number, pri_zero_rcvd: number) => ({ advert_rcvd, pri_zero_rcvd });

/** The previous owner by the last dump, where the others were kept one after the other. */
function lastOf(dumps: readonly TimedDump[]) {
  const before = dumps.slice(0, -1).reduce<TimedDump[]>(keepDumps, []);
  return derivePreviousOwner(before, dumps.at(-1)!);
}

it.each([
  { before: heard(10, 0), after: heard(40, 1), how: "given-up" },
  { before: heard(10, 1), after: heard(40, 1), how: "silent" },
  { before: heard(0, 0), after: heard(0, 0), how: "none-heard" },
  { before: heard(40, 1), after: heard(40, 1), how: "none-heard" },
  { before: heard(40, 1), after: heard(3, 1), how: "given-up" },
  { before: heard(40, 2), after: heard(3, 0), how: "silent" },
  { before: {}, after: {}, how: "none-heard" },
])("from $before to $after the previous owner was $how", ({ before, after, how }) => {
  expect(lastOf([dumped(0, "BACKUP", before), dumped(9_000, "MASTER", after)])).toBe(how);
});

it("says nothing where this host was owner already, did not become owner, or has its first dump", () => {
  expect(lastOf([dumped(0, "MASTER", heard(1, 0)), dumped(9_000, "MASTER", heard(2, 0))])).toBeUndefined();
  expect(lastOf([dumped(0, "BACKUP", heard(1, 0)), dumped(9_000, "FAULT", heard(2, 0))])).toBeUndefined();
  expect(lastOf([dumped(0, "MASTER", heard(1, 0))])).toBeUndefined();
});

it("calls an owner silent that was heard, also where a dump was made during its silence", () => {
  const dumps = [
    dumped(0, "FAULT", heard(0, 0)),
    dumped(4_700, "BACKUP", heard(40, 0)),
    dumped(4_900, "BACKUP", heard(40, 0)),
    dumped(5_000, "MASTER", heard(40, 0)),
  ];

  expect(lastOf(dumps)).toBe("silent");
});

it("does not mistake the announced end of an earlier owner for that of the last one", () => {
  const dumps = [
    dumped(0, "BACKUP", heard(10, 0)),
    dumped(60_000, "BACKUP", heard(400, 1)),
    dumped(61_000, "MASTER", heard(405, 1)),
  ];

  expect(lastOf(dumps)).toBe("silent");
});

it("counts from the time when this host was owner itself", () => {
  const dumps = [
    dumped(0, "BACKUP", heard(10, 0)),
    dumped(1_000, "MASTER", heard(20, 1)),
    dumped(2_000, "BACKUP", heard(25, 1)),
    dumped(3_000, "MASTER", heard(30, 1)),
  ];

  expect(lastOf(dumps)).toBe("silent");
});

it("keeps few dumps, however many there are", () => {
  const many = Array.from({ length: 1_000 }, (_, index) => dumped(index * 1_000, "BACKUP", heard(index, 0)));

  expect(many.reduce<TimedDump[]>(keepDumps, []).length).toBeLessThan(10);
});
