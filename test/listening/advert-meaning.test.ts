import { describe, expect, it } from "vitest";
import { meaningOf } from "../../src/listening/advert-meaning.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const OWN = new Set(["198.51.100.11"]);
const MULTICAST: Instance = { ...INSTANCE, unicast: undefined };
const ALONE: Instance = {
  ...INSTANCE,
  unicast: { source: "198.51.100.11", peers: ["198.51.100.11"], isAlone: true },
};
/** Of a peer that owns the VIPs. */
const ADVERT: Advert = {
  source: "198.51.100.12",
  destination: "198.51.100.11",
  ttl: 255,
  version: 3,
  virtualRouterId: 50,
  priority: 241,
  addresses: ["198.51.100.50"],
  authPass: undefined,
  intervalSeconds: 0.2,
};

describe("an advert", () => {
  it.each([
    { why: "a peer's", instance: INSTANCE, change: {}, want: "owner" },
    {
      why: "anyone's by multicast",
      instance: MULTICAST,
      change: { destination: "224.0.0.18" },
      want: "owner",
    },
    { why: "any host's, heard by a host alone", instance: ALONE, change: {}, want: "stranger" },
    {
      why: "a host's that is not a peer",
      instance: INSTANCE,
      change: { source: "198.51.100.14" },
      want: "stranger",
    },
    { why: "a peer's of another version", instance: INSTANCE, change: { version: 2 }, want: "stranger" },
    {
      why: "a peer's of another VRID",
      instance: INSTANCE,
      change: { virtualRouterId: 51 },
      want: "stranger",
    },
    {
      why: "a peer's by multicast",
      instance: INSTANCE,
      change: { destination: "224.0.0.18" },
      want: "stranger",
    },
    { why: "one from beyond a router", instance: INSTANCE, change: { ttl: 64 }, want: "nothing" },
    {
      why: "one to another host",
      instance: INSTANCE,
      change: { destination: "198.51.100.13" },
      want: "nothing",
    },
    {
      why: "one without a VIP of the group",
      instance: MULTICAST,
      change: { destination: "224.0.0.18", addresses: ["198.51.100.99"] },
      want: "nothing",
    },
    { why: "a release", instance: INSTANCE, change: { priority: 0 }, want: "nothing" },
    { why: "this host's own", instance: INSTANCE, change: { source: "198.51.100.11" }, want: "nothing" },
    {
      why: "one of the other family",
      instance: INSTANCE,
      change: { source: "2001:db8::12" },
      want: "nothing",
    },
  ] as const)("is $want: $why", ({ instance, change, want }) => {
    expect(meaningOf(instance, { ...ADVERT, ...change }, OWN)).toBe(want);
  });

  it("tells of an owner of any VIP of the group, as its first VIP may differ while it changes", () => {
    const instance = { ...INSTANCE, excludedVips: [{ address: "198.51.100.49", prefix: 32 }] };

    expect(meaningOf(instance, { ...ADVERT, addresses: ["198.51.100.49"] }, OWN)).toBe("stranger");
  });
});
