import { expect, it } from "vitest";
import type { Instance } from "../../src/vrrp/instance.ts";
import { advertisedRouter, isSameVirtualRouter, virtualRouterOf } from "../../src/vrrp/virtual-router.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const IPV6: Instance = { ...INSTANCE, firstVip: { address: "2001:db8::50", prefix: 128 } };
const ADVERT = { virtualRouterId: INSTANCE.virtualRouterId, source: "198.51.100.12" };

it.each<[string, Instance, boolean]>([
  [
    "the same VRID, interface and family",
    { ...INSTANCE, firstVip: { address: "198.51.100.60", prefix: 32 } },
    true,
  ],
  ["another VRID", { ...INSTANCE, virtualRouterId: 51 }, false],
  ["another interface", { ...INSTANCE, interface: "eth1" }, false],
  ["the other family", IPV6, false],
])("compares the virtual routers of two instances: %s", (_, other, isSame) => {
  expect(isSameVirtualRouter(virtualRouterOf(INSTANCE), virtualRouterOf(other))).toBe(isSame);
});

it.each<[string, Instance, typeof ADVERT, string, boolean]>([
  ["the same VRID, interface and family", INSTANCE, ADVERT, "eth0", true],
  ["an IPv6 advert", IPV6, { ...ADVERT, source: "fe80::12" }, "eth0", true],
  ["another VRID", INSTANCE, { ...ADVERT, virtualRouterId: 51 }, "eth0", false],
  ["an advert received on another interface", INSTANCE, ADVERT, "eth1", false],
  ["an advert of the other family", INSTANCE, { ...ADVERT, source: "fe80::12" }, "eth0", false],
])("compares an advert with an instance: %s", (_, instance, advert, link, isSame) => {
  expect(isSameVirtualRouter(virtualRouterOf(instance), advertisedRouter(advert, link))).toBe(isSame);
});
