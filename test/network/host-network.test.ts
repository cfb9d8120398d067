import { expect, it } from "vitest";
import { findInterface, type HostNetwork } from "../../src/network/host-network.ts";
import { parseDefaultRoute, parseLinks } from "../../src/network/ip-json.ts";

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
      { local: "2001:DB8::11", prefixlen: 64, nodad: true },
      { local: "198.51.100.12", prefixlen: 24, broadcast: "198.51.100.255" },
      { local: "198.51.100.13", prefixlen: 24, noprefixroute: true },
    ],
  },
  { ifname: "br-ex", flags: ["BROADCAST"], addr_info: [{ local: "198.51.100.130", prefixlen: 25 }] },
  {
    ifname: "docker0",
    flags: ["UP"],
    linkinfo: { info_kind: "bridge" },
    addr_info: [{ local: "172.17.0.1", prefixlen: 16 }],
  },
  { ifname: "bond0" },
];

const network: HostNetwork = { interfaces: parseLinks(LINKS), defaultRoute: { ipv4: "docker0" } };

it("reads the links of iproute2, an interface without addresses and one that is down too", () => {
  expect(network.interfaces.map(({ name }) => name)).toEqual(["lo", "eth0", "br-ex", "docker0", "bond0"]);
  expect(network.interfaces[1]?.addresses[2]).toEqual({
    address: "2001:db8::11",
    prefix: 64,
    isSecondary: false,
  });
  expect(network.interfaces.filter(({ isBridge }) => isBridge).map(({ name }) => name)).toEqual(["docker0"]);
});

it("tells how an address was set: keepalived sets neither a broadcast address nor detects duplicates", () => {
  const configured = network.interfaces[1]?.addresses.filter(({ isConfigured }) => isConfigured);

  expect(configured?.map(({ address }) => address)).toEqual(["fe80::1", "198.51.100.12", "198.51.100.13"]);
});

it("takes the default route with the lowest metric", () => {
  const routes = [{ dev: "wwan0", metric: 700 }, { dev: "eth1", metric: 100 }, { gateway: "x" }];

  expect(parseDefaultRoute(routes)).toBe("eth1");
  expect(parseDefaultRoute([{ dev: "eth0" }, ...routes])).toBe("eth0");
  expect(parseDefaultRoute([])).toBeUndefined();
});

it("finds an interface by each of its names", () => {
  const interfaces = parseLinks([{ ifname: "eth0", altnames: ["enp0s25", "lan"] }, { ifname: "eth1" }]);
  const names = ["eth0", "lan", "eth1", "wan"].map(
    (name) => findInterface({ interfaces, defaultRoute: {} }, name)?.name,
  );

  expect(names).toEqual(["eth0", "eth0", "eth1", undefined]);
});
