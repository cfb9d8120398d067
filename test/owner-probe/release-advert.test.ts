import { expect, it } from "vitest";
import { advertPathOf } from "../../src/owner-probe/advert-path.ts";
import { releaseAdvert } from "../../src/owner-probe/release-advert.ts";
import { parseAdvert } from "../../src/vrrp/advert.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { obeysAdvert } from "../../src/vrrp/obeyed-advert.ts";
import { bytesOfHex } from "../../src/vrrp/packet.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const V6 = {
  firstVip: { address: "2001:db8::50", prefix: 128 },
  unicast: { source: "2001:db8::11", peers: ["2001:db8::12"], isAlone: false },
};

it.each<{ name: string; change: Partial<Instance> }>([
  { name: "VRRPv3 over IPv4", change: {} },
  { name: "VRRPv3 over IPv6", change: V6 },
  { name: "VRRPv3 with an interval of 40.95 s", change: { advertIntervalSeconds: 40.95 } },
  { name: "VRRPv2", change: { vrrpVersion: 2, advertIntervalSeconds: 1 } },
  {
    name: "VRRPv2 with a password",
    change: { vrrpVersion: 2, advertIntervalSeconds: 1, authPass: "s3cret" },
  },
])("is what this host obeys as the owner's release: $name", ({ change }) => {
  const instance = { ...INSTANCE, ...change };
  const unicast = instance.unicast!;
  const [owner = ""] = unicast.peers;
  const advert = parseAdvert(bytesOfHex(releaseAdvert(instance, advertPathOf(instance, undefined)!, owner)));

  expect(advert).toMatchObject({
    source: owner,
    destination: unicast.source,
    ttl: 255,
    priority: 0,
    intervalSeconds: instance.advertIntervalSeconds,
  });
  expect(obeysAdvert(instance, advert!, new Set([unicast.source]))).toBe(true);
});

it.each<{ name: string; change: Partial<Instance>; owner: string; destination: string; ttl: number }>([
  { name: "IPv4", change: {}, owner: "198.51.100.12", destination: "224.0.0.18", ttl: 0 },
  { name: "IPv6", change: V6, owner: "fe80::12", destination: "ff02::12", ttl: 255 },
  {
    name: "VRRPv2",
    change: { vrrpVersion: 2, advertIntervalSeconds: 1, authPass: "s3cret" },
    owner: "198.51.100.12",
    destination: "224.0.0.18",
    ttl: 0,
  },
])("is for the multicast group: $name", ({ change, owner, destination, ttl }) => {
  const instance = { ...INSTANCE, ...change, unicast: undefined };
  const path = advertPathOf(instance, "fe80::11")!;
  const advert = parseAdvert(bytesOfHex(releaseAdvert(instance, path, owner)));

  expect(advert).toMatchObject({ source: owner, destination, ttl, priority: 0 });
  expect(obeysAdvert(instance, { ...advert!, ttl: 255 }, new Set(["198.51.100.11"]))).toBe(true);
});

it("cannot be for an IPv6 multicast group without a link-local address", () => {
  expect(advertPathOf({ ...INSTANCE, ...V6, unicast: undefined }, undefined)).toBeUndefined();
});
