import { describe, expect, it } from "vitest";
import { formerGroupFrom, type KnownGroup } from "../../src/planned-change/former-group.ts";
import { acceptsAdvert } from "../../src/vrrp/accepted-advert.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { isSameGroup } from "../../src/vrrp/same-group.ts";
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
const KNOWN: KnownGroup = {
  to: INSTANCE,
  formerGroups: [],
  otherGroups: [],
  hearing: {
    ownAddresses: new Set(["198.51.100.11"]),
    memberAddresses: new Set(["198.51.100.12"]),
    strangers: "none",
  },
};
const MULTICAST: Instance = { ...INSTANCE, unicast: undefined };
/** Another group of this host, which has the VIP 198.51.100.7. */
const OTHER: Instance = {
  ...INSTANCE,
  name: "other",
  virtualRouterId: 7,
  firstVip: { address: "198.51.100.8", prefix: 32 },
  excludedVips: [{ address: "198.51.100.7", prefix: 32 }],
};
const UNRELATED: Partial<Advert> = { virtualRouterId: 7, addresses: ["198.51.100.7"] };

describe("a member's advert tells the former group, which accepts it", () => {
  it.each<[string, Partial<Advert>, Partial<KnownGroup>?]>([
    ["with another VRID", {}],
    ["with another version and a password", { version: 2, intervalSeconds: 1, authPass: "secret" }],
    ["with another first VIP", { virtualRouterId: 50, addresses: ["198.51.100.40"] }],
    ["by multicast", { destination: "224.0.0.18" }],
    ["by unicast, before multicast", { virtualRouterId: 50 }, { to: MULTICAST }],
    ["with another VRID and first VIP", UNRELATED],
    ["with the VRID of another group", { virtualRouterId: 7 }, { otherGroups: [OTHER] }],
    [
      "with a VIP that another group has as well",
      { ...UNRELATED, virtualRouterId: 9 },
      { formerGroups: [{ ...INSTANCE, excludedVips: OTHER.excludedVips }], otherGroups: [OTHER] },
    ],
  ])("%s", (_, change, parts = {}) => {
    const advert = { ...ADVERT, ...change };
    const known = { ...KNOWN, ...parts };
    const former = formerGroupFrom(known, "eth0", advert);

    expect(former && acceptsAdvert(former, advert)).toBe(true);
    expect(former && isSameGroup(former, known.to)).toBe(false);
    expect(former?.name).toBe("main");
  });

  it("on another interface", () => {
    const former = formerGroupFrom(KNOWN, "eth1", { ...ADVERT, virtualRouterId: 50 });

    expect(former).toMatchObject({ interface: "eth1", virtualRouterId: 50 });
  });
});

describe("an advert tells no former group", () => {
  it.each<[string, Partial<Advert>, Partial<KnownGroup>?]>([
    ["of the group as this host runs it", { virtualRouterId: 50 }],
    ["of a host that is no member", { source: "198.51.100.99" }],
    ["of a member's address beyond a router", { ttl: 64 }],
    ["to another host", { destination: "198.51.100.13" }],
    ["of an owner that releases the VIPs", { priority: 0 }],
    ["of several addresses", { addresses: ["198.51.100.50", "198.51.100.7"] }],
    ["of no address", { addresses: [] }],
    [
      "of another group of this host",
      UNRELATED,
      {
        otherGroups: [{ ...INSTANCE, virtualRouterId: 7, firstVip: { address: "198.51.100.7", prefix: 32 } }],
      },
    ],
    ["of another group's VIP with other settings", UNRELATED, { otherGroups: [OTHER] }],
    [
      "of another router with this VRID, which may be a member",
      { source: "198.51.100.99", virtualRouterId: 50, addresses: ["198.51.100.7"] },
      { hearing: { ...KNOWN.hearing, strangers: "all" } },
    ],
    [
      "of another group, from a neighbour that may be no member",
      { ...UNRELATED, source: "198.51.100.99" },
      { hearing: { ...KNOWN.hearing, strangers: "all" } },
    ],
  ])("%s", (_, change, parts = {}) =>
    expect(formerGroupFrom({ ...KNOWN, ...parts }, "eth0", { ...ADVERT, ...change })).toBeUndefined(),
  );
});
