import { describe, expect, it } from "vitest";
import {
  chooseInterface,
  chooseSource,
  type LocalNetwork,
  parseDefaultRoute,
  parseLinks,
  withoutAddresses,
} from "../../src/core/local-network.ts";

/** `ip -json address show` of iproute2 6.1, shortened; the empty object is what it prints for a filtered link. */
const LINKS = [
  { ifname: "lo", flags: ["LOOPBACK", "UP"], addr_info: [{ local: "127.0.0.1", prefixlen: 8 }] },
  {},
  {
    ifname: "eth0",
    flags: ["BROADCAST", "UP"],
    addr_info: [
      { local: "198.51.100.11", prefixlen: 24 },
      { local: "fe80::1", prefixlen: 64 },
      { local: "2001:DB8::11", prefixlen: 64 },
    ],
  },
  { ifname: "br-ex", flags: ["BROADCAST"], addr_info: [{ local: "198.51.100.130", prefixlen: 25 }] },
  { ifname: "docker0", flags: ["UP"], addr_info: [{ local: "172.17.0.1", prefixlen: 16 }] },
  { ifname: "bond0" },
];

const network: LocalNetwork = { interfaces: parseLinks(LINKS), defaultRoute: { ipv4: "docker0" } };

it("reads the links of iproute2, an interface without addresses and one that is down too", () => {
  expect(network.interfaces.map(({ name }) => name)).toEqual(["lo", "eth0", "br-ex", "docker0", "bond0"]);
  expect(network.interfaces[1]?.addresses[2]).toEqual({
    address: "2001:db8::11",
    prefix: 64,
    isSecondary: false,
  });
});

it("takes the default route with the lowest metric", () => {
  const routes = [{ dev: "wwan0", metric: 700 }, { dev: "eth1", metric: 100 }, { gateway: "x" }];

  expect(parseDefaultRoute(routes)).toBe("eth1");
  expect(parseDefaultRoute([{ dev: "eth0" }, ...routes])).toBe("eth0");
  expect(parseDefaultRoute([])).toBeUndefined();
});

describe("chooseInterface", () => {
  it.each([
    { why: "the subnet that holds the VIP", vip: "198.51.100.50", source: undefined, want: "eth0" },
    { why: "the narrowest of two subnets", vip: "198.51.100.200", source: undefined, want: "br-ex" },
    { why: "the subnet before the source", vip: "198.51.100.50", source: "172.17.0.1", want: "eth0" },
    { why: "the source's where no subnet fits", vip: "203.0.113.1", source: "198.51.100.11", want: "eth0" },
    { why: "the default route's where nothing fits", vip: "203.0.113.1", source: undefined, want: "docker0" },
    {
      why: "none without a default route of the family",
      vip: "2001:db8:9::1",
      source: undefined,
      want: undefined,
    },
    { why: "never loopback", vip: "127.0.0.9", source: undefined, want: "docker0" },
    { why: "by IPv6 subnet", vip: "2001:db8::50", source: undefined, want: "eth0" },
  ])("takes $why", ({ vip, source, want }) => {
    expect(chooseInterface(network, vip, source)?.name).toBe(want);
  });
});

it("speaks from a routable address, from a link-local one only without another", () => {
  const [, eth0] = network.interfaces;
  const linkLocal = { ...eth0!, addresses: [{ address: "fe80::1", prefix: 64, isSecondary: false }] };

  expect(chooseSource(eth0!, "ipv6")).toBe("2001:db8::11");
  expect(chooseSource(linkLocal, "ipv6")).toBe("fe80::1");
  expect(chooseSource(linkLocal, "ipv4")).toBeUndefined();
});

it("leaves VIPs out of every choice", () => {
  const bare = withoutAddresses(network, new Set(["198.51.100.130"]));

  expect(chooseInterface(bare, "198.51.100.200", undefined)).toEqual({
    name: "eth0",
    by: "subnet",
    subnet: "198.51.100.0/24",
  });
});
