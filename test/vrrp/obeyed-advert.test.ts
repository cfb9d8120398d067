/** Each part that acts on what it hears takes the same adverts for a member's or an owner's, and no others. */
import { describe, expect, it } from "vitest";
import { meaningOf } from "../../src/listening/advert-meaning.ts";
import { formerGroupFrom } from "../../src/planned-change/former-group.ts";
import { beginChange, noteAdvert } from "../../src/planned-change/planned-change.ts";
import { isOwnerAdvert } from "../../src/split-brain/watched-group.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { type Hearing, isFromMember, obeysAdvert } from "../../src/vrrp/obeyed-advert.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { ADVERT, BACKED_UP } from "../fixtures/rival.ts";

const HEARING: Hearing = {
  ownAddresses: new Set(["198.51.100.11"]),
  memberAddresses: new Set(["198.51.100.12"]),
  strangers: "none",
};
const MULTICAST: Instance = { ...INSTANCE, unicast: undefined };
const TO_ALL: Partial<Advert> = { destination: "224.0.0.18" };
const STRANGER: Partial<Advert> = { source: "198.51.100.200" };
const OTHER_VIP: Partial<Advert> = { addresses: ["198.51.100.7"] };

/** What each part makes of an advert, in a group that begins, in one that runs and in one that changes its VRID. */
function heardAs(instance: Instance, advert: Advert, strangers: Hearing["strangers"] = "none") {
  const hearing = { ...HEARING, strangers };
  const next = { ...instance, virtualRouterId: 51 };
  const change = { ...beginChange(next, [instance], true, 0), hearing };
  const meaning = meaningOf(instance, advert, HEARING.ownAddresses);
  return {
    isOwner: obeysAdvert(instance, advert, HEARING.ownAddresses),
    endsListening: meaning === "owner",
    isMemberByAdvert: meaning !== "nothing",
    isRival: isOwnerAdvert({ ...BACKED_UP, instance }, advert),
    holdsChange: noteAdvert(change, "eth0", advert, 0),
    isFormerGroup:
      formerGroupFrom({ to: next, formerGroups: [], otherGroups: [], hearing }, "eth0", advert) !== undefined,
  };
}

const OBEYED = {
  isOwner: true,
  endsListening: true,
  isMemberByAdvert: true,
  isRival: true,
  holdsChange: true,
  isFormerGroup: true,
};
const IGNORED = {
  isOwner: false,
  endsListening: false,
  isMemberByAdvert: false,
  isRival: false,
  holdsChange: false,
  isFormerGroup: false,
};

describe("every part obeys", () => {
  it.each<[string, Instance, Partial<Advert>]>([
    ["a peer that owns the VIP", INSTANCE, {}],
    ["a peer that owns the VIP by multicast", MULTICAST, TO_ALL],
    ["a peer that states another interval", INSTANCE, { intervalSeconds: 3 }],
  ])("%s", (_, instance, terms) => expect(heardAs(instance, { ...ADVERT, ...terms })).toEqual(OBEYED));
});

describe("no part obeys", () => {
  it.each<[string, Instance, Partial<Advert>, Hearing["strangers"]?]>([
    ["a peer's address beyond a router", INSTANCE, { ttl: 64 }],
    ["a peer's address beyond a router, by multicast", MULTICAST, { ...TO_ALL, ttl: 254 }],
    ["what was sent to another host", INSTANCE, { destination: "198.51.100.13" }],
    ["what was sent by broadcast", INSTANCE, { destination: "198.51.100.255" }],
    ["what this host sent", MULTICAST, { ...TO_ALL, source: "198.51.100.11" }],
    ["another router with this VRID", MULTICAST, { ...TO_ALL, ...STRANGER, ...OTHER_VIP }],
    [
      "another router with this VRID, which may be a member",
      MULTICAST,
      { ...TO_ALL, ...STRANGER, ...OTHER_VIP },
      "multicast",
    ],
    [
      "another router with this VRID while members are not known",
      INSTANCE,
      { ...STRANGER, ...OTHER_VIP },
      "all",
    ],
    [
      "another router with another VRID",
      MULTICAST,
      { ...TO_ALL, ...STRANGER, ...OTHER_VIP, virtualRouterId: 7 },
      "multicast",
    ],
  ])("%s", (_, instance, terms, strangers) =>
    expect(heardAs(instance, { ...ADVERT, ...terms }, strangers)).toEqual(IGNORED),
  );

  it("a machine that is no peer, though its host may become a member if metadata lists it", () =>
    expect(heardAs(INSTANCE, { ...ADVERT, ...STRANGER })).toEqual({ ...IGNORED, isMemberByAdvert: true }));
});

describe("an advert comes from a member", () => {
  it.each<[string, Partial<Advert>, Hearing["strangers"]]>([
    ["with a member's address, to this host", {}, "none"],
    ["with a member's address, to the multicast group", TO_ALL, "none"],
    ["with a member's address, in another group", { ...OTHER_VIP, virtualRouterId: 7 }, "none"],
    ["from any neighbour where members are not known", STRANGER, "all"],
    [
      "from any neighbour by multicast where their sources are not known",
      { ...STRANGER, ...TO_ALL },
      "multicast",
    ],
  ])("%s", (_, terms, strangers) =>
    expect(isFromMember([INSTANCE], { ...ADVERT, ...terms }, { ...HEARING, strangers })).toBe(true),
  );
});

describe("an advert does not come from a member", () => {
  it.each<[string, Partial<Advert>, Hearing["strangers"]]>([
    ["from a machine that is no member", STRANGER, "none"],
    ["from it by multicast", { ...STRANGER, ...TO_ALL }, "none"],
    ["from it by unicast where only multicast sources are not known", STRANGER, "multicast"],
    ["from beyond a router", { ttl: 254 }, "all"],
    ["to another host", { destination: "198.51.100.13" }, "all"],
    ["of this host", { source: "198.51.100.11", ...TO_ALL }, "all"],
    ["from any neighbour without a VIP of the group", { ...STRANGER, ...OTHER_VIP }, "all"],
  ])("%s", (_, terms, strangers) =>
    expect(isFromMember([INSTANCE], { ...ADVERT, ...terms }, { ...HEARING, strangers })).toBe(false),
  );
});
