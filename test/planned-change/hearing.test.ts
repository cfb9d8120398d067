import { describe, expect, it } from "vitest";
import type { Member } from "../../src/metadata/members.ts";
import { standaloneSnapshot } from "../../src/metadata/snapshot.ts";
import type { MetadataView } from "../../src/metadata/view.ts";
import { type Hearing, hearingFor, isFromMember } from "../../src/planned-change/hearing.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { NETWORK } from "../fixtures/groups.ts";
import { ADVERT } from "../fixtures/rival.ts";

const HEARING: Hearing = {
  ownAddresses: new Set(["198.51.100.11"]),
  memberAddresses: new Set(["198.51.100.12"]),
  strangers: "none",
};
const TO_ALL: Partial<Advert> = { destination: "224.0.0.18" };
const STRANGER: Partial<Advert> = { source: "198.51.100.200" };

describe("an advert counts", () => {
  it.each<[string, Partial<Advert>, Hearing["strangers"]]>([
    ["from a member to this host", {}, "none"],
    ["from a member to the multicast group", TO_ALL, "none"],
    ["from any neighbour where members are not known", STRANGER, "all"],
    [
      "from any neighbour by multicast where their sources are not known",
      { ...STRANGER, ...TO_ALL },
      "multicast",
    ],
  ])("%s", (_, terms, strangers) =>
    expect(isFromMember({ ...ADVERT, ...terms }, { ...HEARING, strangers })).toBe(true),
  );
});

describe("an advert does not count", () => {
  it.each<[string, Partial<Advert>, Hearing["strangers"]]>([
    ["from a machine that is no member", STRANGER, "none"],
    ["from it by multicast", { ...STRANGER, ...TO_ALL }, "none"],
    ["from it by unicast where only multicast sources are not known", STRANGER, "multicast"],
    ["from beyond a router", { ttl: 254 }, "all"],
    ["to another host", { destination: "198.51.100.13" }, "all"],
    ["of this host", { source: "198.51.100.11", ...TO_ALL }, "all"],
  ])("%s", (_, terms, strangers) =>
    expect(isFromMember({ ...ADVERT, ...terms }, { ...HEARING, strangers })).toBe(false),
  );
});

describe("whose adverts count", () => {
  const multicast: Instance = { ...INSTANCE, unicast: undefined };
  const self = member("self", "198.51.100.11");
  const other = { ...member("other", "198.51.100.14"), formerAddresses: ["198.51.100.15"] };
  const view: MetadataView = {
    origin: "live",
    snapshot: standaloneSnapshot("self"),
    members: [self, other],
  };

  it("is peers, and all members with the addresses that they had", () => {
    const { memberAddresses } = hearingFor([INSTANCE], { network: NETWORK, view });

    expect([...memberAddresses].toSorted()).toEqual([
      "198.51.100.12",
      "198.51.100.13",
      "198.51.100.14",
      "198.51.100.15",
    ]);
  });

  it.each<[string, Hearing["strangers"], Instance, Partial<MetadataView>]>([
    ["members alone with unicast", "none", INSTANCE, {}],
    ["members alone with multicast from the listed address", "none", multicast, {}],
    [
      "any neighbour with multicast from another interface",
      "multicast",
      { ...multicast, interface: "eth1" },
      {},
    ],
    ["any neighbour with multicast without metadata", "multicast", multicast, { origin: "off", members: [] }],
    [
      "any neighbour with multicast over IPv6",
      "multicast",
      { ...multicast, firstVip: { address: "2001:db8::1", prefix: 128 } },
      {},
    ],
    ["the listed peers without metadata", "none", INSTANCE, { origin: "off", members: [] }],
    ["any neighbour until metadata has answered", "all", INSTANCE, { origin: "last-good" }],
  ])("is %s", (_, strangers, instance, parts) => {
    const hearing = hearingFor([instance], { network: NETWORK, view: { ...view, ...parts } });

    expect(hearing.strangers).toBe(strangers);
  });
});

function member(hostUuid: string, address: string): Member {
  return { hostUuid, hostName: hostUuid, address, groupAddresses: {}, formerAddresses: [] };
}
