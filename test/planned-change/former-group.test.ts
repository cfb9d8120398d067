import { describe, expect, it } from "vitest";
import { formerGroupFrom } from "../../src/planned-change/former-group.ts";
import { acceptsAdvert } from "../../src/vrrp/accepted-advert.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const ADVERT: Advert = {
  source: "198.51.100.12",
  destination: "198.51.100.11",
  ttl: 255,
  version: 3,
  virtualRouterId: 49,
  priority: 240,
  addresses: ["198.51.100.50"],
  authPass: undefined,
  intervalSeconds: 0.2,
};

describe("a peer's advert tells the former group, which accepts it", () => {
  it.each<[string, Partial<Advert>]>([
    ["with another VRID", {}],
    ["with another version and a password", { version: 2, intervalSeconds: 1, authPass: "secret" }],
    ["with another first VIP", { virtualRouterId: 50, addresses: ["198.51.100.40"] }],
    ["by multicast", { destination: "224.0.0.18" }],
  ])("%s", (_, change) => {
    const advert = { ...ADVERT, ...change };
    const former = formerGroupFrom(INSTANCE, advert);

    expect(former && acceptsAdvert(former, advert)).toBe(true);
    expect(former?.name).toBe("main");
  });
});

describe("an advert tells no former group", () => {
  it.each<[string, Partial<Advert>]>([
    ["of the group as this host runs it", { virtualRouterId: 50 }],
    ["of a host that is not a peer", { source: "198.51.100.99" }],
    ["of an owner that releases the VIPs", { priority: 0 }],
    ["of another group", { addresses: ["198.51.100.7"] }],
    ["of several addresses", { addresses: ["198.51.100.50", "198.51.100.7"] }],
    ["of no address", { addresses: [] }],
  ])("%s", (_, change) => expect(formerGroupFrom(INSTANCE, { ...ADVERT, ...change })).toBeUndefined());
});
