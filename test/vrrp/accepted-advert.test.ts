import { describe, expect, it } from "vitest";
import { acceptsAdvert } from "../../src/vrrp/accepted-advert.ts";
import { type Advert, parseAdvert } from "../../src/vrrp/advert.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { advertPacket } from "../fixtures/wire.ts";

const ADVERT_V3: Advert = {
  source: "198.51.100.11",
  destination: "224.0.0.18",
  ttl: 255,
  version: 3,
  virtualRouterId: 52,
  priority: 241,
  addresses: ["198.51.100.50"],
  authPass: undefined,
  intervalSeconds: 0.2,
};
const ADVERT_V2: Advert = {
  ...ADVERT_V3,
  version: 2,
  virtualRouterId: 51,
  priority: 240,
  authPass: "blahblah",
  intervalSeconds: 1,
};

const MAIN: Instance = {
  name: "main",
  interface: "eth0",
  virtualRouterId: 52,
  priority: 201,
  advertIntervalSeconds: 0.5,
  vrrpVersion: 3,
  preempt: false,
  preemptDelaySeconds: 0,
  unicast: undefined,
  firstVip: { address: "198.51.100.50", prefix: 32 },
  excludedVips: [{ address: "198.51.100.61", prefix: 32 }],
  authPass: undefined,
};
const MAIN_V2: Instance = {
  ...MAIN,
  virtualRouterId: 51,
  vrrpVersion: 2,
  advertIntervalSeconds: 1,
  authPass: "blahblah",
};

describe("hosts of a group accept", () => {
  it.each<[string, Instance, Advert]>([
    ["VRRPv3 at any interval", MAIN, ADVERT_V3],
    ["VRRPv2 at their own interval with their own password", MAIN_V2, ADVERT_V2],
    ["any password if theirs is not known", { ...MAIN_V2, authPass: undefined }, ADVERT_V2],
    ["the advert of an owner that releases the VIPs", MAIN, { ...ADVERT_V3, priority: 0 }],
    [
      "their IPv6 VIP",
      { ...MAIN, firstVip: { address: "fd00::50", prefix: 128 } },
      { ...ADVERT_V3, source: "fe80::11", destination: "ff02::12", addresses: ["fd00::50"] },
    ],
  ])("%s", (_, instance, advert) => expect(acceptsAdvert(instance, advert)).toBe(true));
});

describe("hosts of a group drop", () => {
  it.each<[string, Instance, Advert]>([
    ["another version", MAIN, { ...ADVERT_V3, version: 2 }],
    ["another virtual router", MAIN, { ...ADVERT_V3, virtualRouterId: 53 }],
    ["another address", MAIN, { ...ADVERT_V3, addresses: ["198.51.100.61"] }],
    ["more than their first VIP", MAIN, { ...ADVERT_V3, addresses: ["198.51.100.50", "198.51.100.61"] }],
    ["no address", MAIN, { ...ADVERT_V3, addresses: [] }],
    ["the other family", MAIN, { ...ADVERT_V3, addresses: ["fd00::50"] }],
    ["VRRPv2 at another interval", MAIN_V2, { ...ADVERT_V2, intervalSeconds: 2 }],
    ["VRRPv2 with another password", MAIN_V2, { ...ADVERT_V2, authPass: "blahblaH" }],
    ["VRRPv2 without a password", MAIN_V2, { ...ADVERT_V2, authPass: undefined }],
  ])("%s", (_, instance, advert) => expect(acceptsAdvert(instance, advert)).toBe(false));
});

it.each([
  ["a quote in it", 'a"b'],
  ["a new line", "a\nb"],
  ["letters outside ASCII", "été"],
  ["more letters than VRRP carries", "blahblahblah"],
  ["8 letters", "blahblah"],
])("a password with %s is recognised, and another one is not", (_, password) => {
  const bytes = [...Buffer.from(password)].slice(0, 8);
  const auth = [...bytes, ...new Array(8 - bytes.length).fill(0)];
  const advert = parseAdvert(
    advertPacket({ version: 2, virtualRouterId: 51, priority: 240, interval: 1, authType: 1, auth }),
  )!;

  expect(acceptsAdvert({ ...MAIN_V2, authPass: password }, advert)).toBe(true);
  expect(acceptsAdvert({ ...MAIN_V2, authPass: "another" }, advert)).toBe(false);
});
