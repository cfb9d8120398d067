import fc from "fast-check";
import { expect, it } from "vitest";
import { parseInstanceDumps } from "../../src/keepalived/dump.ts";

/** As keepalived 2.2.7 wrote it, with one of the many fields that the agent does not read. */
const DATA = {
  iname: "main",
  ifp_ifname: "eth0",
  last_transition: 1795356187.363537,
  vrid: 51,
  base_priority: 240,
  effective_priority: 200,
  vipset: true,
  adver_int: 0.2,
  state: 2,
  vips: ["198.51.100.50 dev eth0 scope global set"],
  evips: ["198.51.100.61/24 dev eth0 scope global set", "FD00::0050 dev eth0 scope global deprecated set"],
};
const STATS = { advert_rcvd: 3, advert_sent: 41 };

it("a dump has each instance", () => {
  expect(parseInstanceDumps(JSON.stringify([{ data: DATA, stats: STATS }]))).toEqual([
    {
      instance: "main",
      state: "MASTER",
      virtualRouterId: 51,
      priority: 240,
      effectivePriority: 200,
      advertIntervalSeconds: 0.2,
      vips: ["198.51.100.50", "198.51.100.61", "fd00::50"],
      vipsSet: true,
      lastTransition: 1795356187.363537,
      stats: STATS,
    },
  ]);
});

it("an instance without excluded VIPs has none", () => {
  const { evips: _, ...data } = DATA;

  expect(parseInstanceDumps(JSON.stringify([{ data, stats: STATS }]))[0]?.vips).toEqual(["198.51.100.50"]);
});

it.each([
  [0, "INIT"],
  [1, "BACKUP"],
  [2, "MASTER"],
  [3, "FAULT"],
  [97, "DELETED"],
  [98, "STOP"],
  [42, "UNKNOWN"],
])("keepalived's state %i is %s", (state, name) => {
  expect(parseInstanceDumps(JSON.stringify([{ data: { ...DATA, state }, stats: STATS }]))[0]?.state).toBe(
    name,
  );
});

it("a dump that is incomplete is refused, so that it is read again", () => {
  const whole = JSON.stringify([{ data: DATA, stats: STATS }]);

  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), (length) => {
      expect(() => parseInstanceDumps(whole.slice(0, length))).toThrow();
    }),
  );
});

it.each([
  ["no list", { data: DATA, stats: STATS }],
  ["no name", [{ data: { ...DATA, iname: undefined }, stats: STATS }]],
  ["a VIP that is no address", [{ data: { ...DATA, vips: ["eth0"] }, stats: STATS }]],
])("a dump with %s is refused", (_, dump) => {
  expect(() => parseInstanceDumps(JSON.stringify(dump))).toThrow();
});
