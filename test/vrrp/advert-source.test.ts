import { expect, it } from "vitest";
import type { LocalAddress } from "../../src/network/host-network.ts";
import { advertSource } from "../../src/vrrp/advert-source.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const at = (address: string): LocalAddress => ({ address, prefix: 24, isSecondary: false });
const NETWORK = {
  interfaces: [
    { name: "lo", isLoopback: true, addresses: [at("127.0.0.1")] },
    { name: "eth0", isLoopback: false, addresses: [at("2001:db8::1"), at("198.51.100.21"), at("fe80::1")] },
  ],
  defaultRoute: {},
};
const MULTICAST = { ...INSTANCE, unicast: undefined };

it.each([
  { what: "its unicast source", instance: INSTANCE, source: "198.51.100.11" },
  { what: "the first IPv4 address of the interface", instance: MULTICAST, source: "198.51.100.21" },
  {
    what: "the link-local address for an IPv6 VIP",
    instance: { ...MULTICAST, firstVip: { address: "2001:db8::50", prefix: 128 } },
    source: "fe80::1",
  },
  { what: "nothing that is known without the interface", instance: { ...MULTICAST, interface: "eth9" } },
])("a group's adverts come from $what", ({ instance, source }) => {
  expect(advertSource(instance, NETWORK)).toBe(source);
});
