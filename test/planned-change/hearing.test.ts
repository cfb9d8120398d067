import { describe, expect, it } from "vitest";
import type { Member } from "../../src/metadata/members.ts";
import { standaloneSnapshot } from "../../src/metadata/snapshot.ts";
import type { MetadataView } from "../../src/metadata/view.ts";
import { hearingFor } from "../../src/planned-change/hearing.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import type { Hearing } from "../../src/vrrp/obeyed-advert.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { NETWORK } from "../fixtures/groups.ts";

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
    ["members alone until metadata has answered", "none", INSTANCE, { origin: "last-good" }],
    [
      "any neighbour until metadata has answered, where no other member is remembered",
      "all",
      { ...INSTANCE, unicast: { source: "198.51.100.11", peers: ["198.51.100.11"], isAlone: true } },
      { origin: "last-good", members: [self] },
    ],
  ])("is %s", (_, strangers, instance, parts) => {
    const hearing = hearingFor([instance], { network: NETWORK, view: { ...view, ...parts } });

    expect(hearing.strangers).toBe(strangers);
  });
});

function member(hostUuid: string, address: string): Member {
  return { hostUuid, hostName: hostUuid, address, groupAddresses: {}, formerAddresses: [] };
}
