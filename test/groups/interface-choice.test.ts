import { describe, expect, it } from "vitest";
import { chooseInterface, chooseSource } from "../../src/groups/interface-choice.ts";
import { type HostNetwork, withoutAddresses } from "../../src/network/host-network.ts";
import { parseLinks } from "../../src/network/ip-json.ts";

const LINKS = [
  { ifname: "lo", flags: ["LOOPBACK", "UP"], addr_info: [{ local: "127.0.0.1", prefixlen: 8 }] },
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

const network: HostNetwork = { interfaces: parseLinks(LINKS), defaultRoute: { ipv4: "docker0" } };

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

it("sends from a routable address, and from a link-local one only where there is no other", () => {
  const [, eth0] = network.interfaces;
  const linkLocal = { ...eth0!, addresses: [{ address: "fe80::1", prefix: 64, isSecondary: false }] };

  expect(chooseSource(eth0!, "ipv6")).toBe("2001:db8::11");
  expect(chooseSource(linkLocal, "ipv6")).toBe("fe80::1");
  expect(chooseSource(linkLocal, "ipv4")).toBeUndefined();
});

describe("an interface for a link-local VIP", () => {
  const withLinkLocal = (name: string, address: string) => ({
    name,
    isLoopback: false,
    addresses: [{ address, prefix: 64, isSecondary: false }],
  });
  const interfaces = [withLinkLocal("eth0", "fe80::1"), withLinkLocal("eth1", "fe80::2")];
  // as upper devices that share their lower one's hardware address
  const twins = [withLinkLocal("eth0", "fe80::1"), withLinkLocal("eth0.100", "fe80::1")];

  it.each([
    { why: "the source's", links: interfaces, source: "fe80::2", want: "eth1" },
    { why: "none by the subnet that all have", links: interfaces, source: undefined, want: undefined },
    { why: "none by a source that several have", links: twins, source: "fe80::1", want: undefined },
  ])("is $why", ({ links, source, want }) => {
    expect(chooseInterface({ interfaces: links, defaultRoute: {} }, "fe80::50", source)?.name).toBe(want);
  });
});

describe("a source of IPv6", () => {
  const address = (local: string, flags: object = {}) => ({ local, prefixlen: 64, ...flags });
  const stable = address("2001:db8::9");
  const tentative = address("2001:db8::1", { tentative: true });
  const failed = address("2001:db8::2", { tentative: true, dadfailed: true });
  const temporary = address("2001:db8::3", { temporary: true, dynamic: true });
  const deprecated = address("2001:db8::4", { deprecated: true });
  const linkLocal = address("fe80::1");

  it.each([
    { why: "stays", have: [deprecated, temporary, stable, linkLocal], want: "2001:db8::9" },
    { why: "is nobody else's", have: [tentative, failed, temporary], want: "2001:db8::3" },
    { why: "is link-local rather than passing", have: [temporary, linkLocal], want: "fe80::1" },
    { why: "is passing where there is no other", have: [deprecated], want: "2001:db8::4" },
    { why: "exists at all", have: [tentative], want: undefined },
  ])("$why: $want", ({ have, want }) => {
    for (const order of [have, have.toReversed()]) {
      const [link] = parseLinks([{ ifname: "eth0", addr_info: order }]);
      expect(chooseSource(link!, "ipv6")).toBe(want);
    }
  });

  it("does not depend on the kernel's order of addresses, which changes", () => {
    const both = [address("2001:db8::12"), address("2001:db8::11")];
    const sources = [both, both.toReversed()].map((have) =>
      chooseSource(parseLinks([{ ifname: "eth0", addr_info: have }])[0]!, "ipv6"),
    );

    expect(sources).toEqual(["2001:db8::11", "2001:db8::11"]);
  });
});

it("never chooses by a VIP", () => {
  const bare = withoutAddresses(network, new Set(["198.51.100.130"]));

  expect(chooseInterface(bare, "198.51.100.200", undefined)).toEqual({
    name: "eth0",
    by: "subnet",
    subnet: "198.51.100.0/24",
  });
});
