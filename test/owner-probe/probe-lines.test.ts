import { expect, it } from "vitest";
import { probeLines } from "../../src/owner-probe/probe-lines.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const GATEWAYS = ["198.51.100.1", "fe80::1"];
const LINKS = new Map([["eth0", { mac: "02:00:00:00:00:11", linkLocal: undefined, gateways: GATEWAYS }]]);
const places = (...peers: readonly string[]) => new Map(peers.map((peer, index) => [peer, index]));
const GROUP = { instance: INSTANCE, places: places("198.51.100.12", "198.51.100.13") };
const words = (lines: readonly string[]) => lines.map((line) => line.split(" ")[0]);

it("tells whom to ask, how, and which group it is about", () => {
  const lines = probeLines([GROUP], LINKS, 0.05);

  expect(words(lines)).toEqual([
    "probe-tap",
    ...Array.from({ length: 4 }, () => "probe-machine"),
    "probe-group",
    "probe-owner",
    "probe-owner",
    "probe-go",
  ]);
  expect(lines).toContain("probe-group eth0/ipv4/50 eth0 2048 49 50 c633640b c6336432 0.2 c633640b");
  expect(lines.at(-1)).toBe("probe-go 0.05");
  expect(lines.filter((line) => / 1$/.test(line)).map((line) => line.split(" ")[2])).toEqual([
    "c6336401",
    "c633640c",
    "c633640d",
  ]);
});

it("has each further host wait for the window and the skew time of those before it", () => {
  const lines = probeLines([{ ...GROUP, instance: { ...INSTANCE, priority: 192 } }], LINKS, 0.05);
  const delays = lines.filter((line) => line.startsWith("probe-owner")).map((line) => line.split(" ")[3]);

  // a quarter of 0.2 s is the skew time of 192
  expect(delays).toEqual(["0", "0.1"]);
});

it("takes several members for witnesses, not all of a large group", () => {
  const peers = Array.from({ length: 100 }, (_, index) => `198.51.100.${100 + index}`);
  const lines = probeLines([{ instance: INSTANCE, places: places(...peers) }], LINKS, 0.05);
  const machines = lines.filter((line) => line.startsWith("probe-machine"));

  expect(machines).toHaveLength(102);
  expect(machines.filter((line) => line.endsWith(" 1"))).toHaveLength(7);
});

it.each([
  { why: "the interface is gone", groups: [GROUP], links: new Map() },
  { why: "this host is alone", groups: [{ instance: INSTANCE, places: new Map() }], links: LINKS },
  {
    why: "an IPv6 address cannot be asked for from a link without a link-local one",
    groups: [
      {
        instance: { ...INSTANCE, firstVip: { address: "2001:db8::50", prefix: 128 } },
        places: places("2001:db8::12"),
      },
    ],
    links: LINKS,
  },
])("asks nobody where $why", ({ groups, links }) => {
  expect(probeLines(groups, links, 0.05)).toEqual(["probe-go 0.05"]);
});

it("takes members for witnesses that cannot be the owner of an IPv6 group", () => {
  const links = new Map([["eth0", { mac: "02:00:00:00:00:11", linkLocal: "fe80::11", gateways: [] }]]);
  const instance = {
    ...INSTANCE,
    unicast: undefined,
    firstVip: { address: "2001:db8::50", prefix: 128 },
  };
  const lines = probeLines(
    [{ instance, places: places("fe80::12"), others: ["198.51.100.13"] }],
    links,
    0.05,
  );

  expect(lines.filter((line) => line.startsWith("probe-machine eth0 c633640d ")).length).toBe(1);
  expect(lines.filter((line) => line.startsWith("probe-owner ")).length).toBe(1);
});
