import { describe, expect, it } from "vitest";
import { formerIn } from "../../src/planned-change/former-group.ts";
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

describe("a peer's advert tells what the group was, and is one of it", () => {
  it.each<[string, Partial<Advert>]>([
    ["with another VRID", {}],
    ["with another version and a password", { version: 2, intervalSeconds: 1, authPass: "secret" }],
    ["with another first VIP", { virtualRouterId: 50, addresses: ["198.51.100.40"] }],
    ["by multicast", { destination: "224.0.0.18" }],
  ])("%s", (_, change) => {
    const advert = { ...ADVERT, ...change };
    const former = formerIn(INSTANCE, advert);

    expect(former && acceptsAdvert(former, advert)).toBe(true);
    expect(former?.name).toBe("main");
  });
});

describe("an advert tells nothing", () => {
  it.each<[string, Partial<Advert>]>([
    ["that is one of the group as it is", { virtualRouterId: 50 }],
    ["of a host that is no peer", { source: "198.51.100.99" }],
    ["of a host that gives up", { priority: 0 }],
    ["of another group", { addresses: ["198.51.100.7"] }],
    ["of several addresses", { addresses: ["198.51.100.50", "198.51.100.7"] }],
    ["of no address", { addresses: [] }],
  ])("%s", (_, change) => expect(formerIn(INSTANCE, { ...ADVERT, ...change })).toBeUndefined());
});
