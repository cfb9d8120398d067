import { expect, it } from "vitest";
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
  const advert = parseAdvert(bytesOfHex(releaseAdvert(instance, unicast, owner)));

  expect(advert).toMatchObject({
    source: owner,
    destination: unicast.source,
    ttl: 255,
    priority: 0,
    intervalSeconds: instance.advertIntervalSeconds,
  });
  expect(obeysAdvert(instance, advert!, new Set([unicast.source]))).toBe(true);
});
