import { describe, expect, it } from "vitest";
import {
  beginChange,
  contestedVip,
  isHeldBack,
  noteAdvert,
  noteAnswer,
  noteInForce,
  noteOwnerMac,
  type PlannedChange,
  type Progress,
  redirectChange,
} from "../../src/planned-change/planned-change.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import type { Hearing } from "../../src/vrrp/obeyed-advert.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { ADVERT } from "../fixtures/rival.ts";

const TO: Instance = { ...INSTANCE, virtualRouterId: 51 };
const LATER: Instance = { ...INSTANCE, virtualRouterId: 52 };
const NEW_ADVERT: Advert = { ...ADVERT, virtualRouterId: 51 };
const HEARING: Hearing = {
  ownAddresses: new Set(["198.51.100.11"]),
  memberAddresses: new Set(["198.51.100.12"]),
  strangers: "none",
};
const WATCHING: Progress = { phase: "watching", instance: TO, recheckMs: 1, wasOwner: false };
const IGNORED = { atMs: 1_500, source: ADVERT.source, intervalMs: 200 };
const IGNORING: Progress = { ...WATCHING, ignored: IGNORED };
const HELD: Progress = { phase: "held", reason: "", instance: TO, recheckMs: 1, wasOwner: false };

function changeWith(parts: Partial<PlannedChange> = {}): PlannedChange {
  return { ...beginChange(TO, [INSTANCE], false, 1_000), hearing: HEARING, ...parts };
}

describe("an advert", () => {
  const difference = { cause: "vrid", text: "their VRID is 50, this host has 51" } as const;
  const formerOwner = { atMs: 2_000, source: ADVERT.source, intervalMs: 200, difference };
  it.each<[string, Partial<PlannedChange>, Advert, boolean, PlannedChange["heard"]]>([
    ["of the former owner is noted, and news once", {}, ADVERT, true, { formerOwner }],
    [
      "of the former owner again is noted",
      { heard: { formerOwner: { ...formerOwner, atMs: 1_500 } } },
      ADVERT,
      false,
      { formerOwner },
    ],
    [
      "of a late owner is news to a host that watches",
      { heard: { formerOwner }, progress: WATCHING },
      ADVERT,
      true,
      { formerOwner },
    ],
    [
      "that releases the VIPs is noted, and news",
      {},
      { ...ADVERT, priority: 0 },
      true,
      { releasedMs: 2_000 },
    ],
    ["of an owner of the new group is noted, and news once", {}, NEW_ADVERT, true, { newOwnerMs: 2_000 }],
    [
      "of that owner again says nothing",
      { heard: { newOwnerMs: 1_500 } },
      NEW_ADVERT,
      false,
      { newOwnerMs: 1_500 },
    ],
    [
      "of the new group to another host says nothing",
      {},
      { ...NEW_ADVERT, destination: "198.51.100.13" },
      false,
      {},
    ],
    ["that releases the VIPs in the new group says nothing", {}, { ...NEW_ADVERT, priority: 0 }, false, {}],
    [
      "of this host says nothing",
      { hearing: { ...HEARING, ownAddresses: new Set([ADVERT.source, ADVERT.destination]) } },
      ADVERT,
      false,
      {},
    ],
    [
      "of a group that this host never heard of is noted, and news",
      {},
      { ...ADVERT, virtualRouterId: 9 },
      true,
      {
        formerOwner: {
          ...formerOwner,
          difference: { ...difference, text: "their VRID is 9, this host has 51" },
        },
      },
    ],
    [
      "of another group of this host says nothing",
      { otherGroups: [{ ...INSTANCE, virtualRouterId: 9 }] },
      { ...ADVERT, virtualRouterId: 9 },
      false,
      {},
    ],
    ["of a host that is no member says nothing", {}, { ...ADVERT, source: "198.51.100.99" }, false, {}],
    ["from beyond a router says nothing", {}, { ...ADVERT, ttl: 64 }, false, {}],
    ["that reached another host says nothing", {}, { ...ADVERT, destination: "198.51.100.13" }, false, {}],
  ])("%s", (_, parts, advert, isNews, heard) => {
    const change = changeWith(parts);

    expect(noteAdvert(change, "eth0", advert, 2_000)).toBe(isNews);
    expect(change.heard).toEqual(heard);
  });

  it("of a group that this host never heard of makes it a former one", () => {
    const change = changeWith();
    noteAdvert(change, "eth1", NEW_ADVERT, 2_000);

    expect(change.formerGroups).toMatchObject([INSTANCE, { interface: "eth1", virtualRouterId: 51 }]);
    expect(change.heard).toEqual({ formerOwner: { ...formerOwner, difference: undefined } });
  });
});

it("is news once to a host that watches and ignores it, until somebody answers for the VIPs", () => {
  const isNews = (progress: Progress, atMs: number, advert = ADVERT) =>
    noteAdvert(changeWith({ progress, heard: { formerOwner: IGNORED } }), "eth0", advert, atMs);

  expect(isNews(WATCHING, 61_000)).toBe(true);
  expect(isNews(WATCHING, 60_999)).toBe(true);
  expect(isNews(IGNORING, 2_000)).toBe(false);
  expect(isNews(IGNORING, 61_000)).toBe(false);
  expect(isNews(WATCHING, 61_000, { ...ADVERT, priority: 0 })).toBe(false);
});

describe("the owner of the former group is noted with what differs", () => {
  const multicast = { ...ADVERT, destination: "224.0.0.18" };
  const version2 = { ...ADVERT, version: 2, intervalSeconds: 1 } as const;
  it.each<[string, Instance, Advert]>([
    ["transport", INSTANCE, multicast],
    ["transport", { ...TO, unicast: undefined }, ADVERT],
    ["version", INSTANCE, version2],
    ["vrid", TO, ADVERT],
  ])("%s: %#", (cause, to, advert) => {
    const change = changeWith({ to, formerGroups: [LATER] });
    noteAdvert(change, "eth0", advert, 2_000);

    expect(change.heard.formerOwner?.difference?.cause).toBe(cause);
  });
});

describe("an answer for an address", () => {
  const shared = INSTANCE.firstVip.address;
  const [formerMac, newMac] = ["02:00:00:00:00:12", "02:00:00:00:00:13"];
  it.each<[string, Partial<PlannedChange>, string, string, number | undefined]>([
    [
      "of a VIP that both groups have is noted while the host is held back",
      { progress: HELD },
      "eth0",
      shared,
      2_000,
    ],
    ["is noted while the host watches", { progress: WATCHING }, "eth0", shared, 2_000],
    ["says nothing before the host has changed", {}, "eth0", shared, undefined],
    [
      "of the owner of the new group says nothing",
      { progress: HELD, ownerMacs: { ofNew: formerMac } },
      "eth0",
      shared,
      undefined,
    ],
    [
      "of a host that owned the new group and owns the former one again is noted",
      { progress: HELD, ownerMacs: { ofNew: formerMac, ofFormer: formerMac } },
      "eth0",
      shared,
      2_000,
    ],
    ["of another address says nothing", { progress: HELD }, "eth0", "198.51.100.7", undefined],
    ["on another interface says nothing", { progress: HELD }, "eth1", shared, undefined],
  ])("%s", (_, parts, link, address, answeredMs) => {
    const change = changeWith(parts);
    noteAnswer(change, { interface: link, address, mac: formerMac }, 2_000);

    expect(change.heard.answeredMs).toBe(answeredMs);
  });

  it("is news to a host that watches while a former owner is heard", () => {
    const answer = { interface: "eth0", address: shared, mac: formerMac };
    const isNews = (parts: Partial<PlannedChange>) => noteAnswer(changeWith(parts), answer, 2_000);

    expect(isNews({ progress: WATCHING, heard: { formerOwner: IGNORED } })).toBe(true);
    expect(isNews({ progress: WATCHING })).toBe(false);
    expect(isNews({ progress: HELD, heard: { formerOwner: IGNORED } })).toBe(false);
  });

  it("is told from that of the new group's owner by the MAC that adverts come from", () => {
    const change = changeWith({ progress: HELD });
    noteOwnerMac(change, "eth0", NEW_ADVERT, newMac);
    noteOwnerMac(change, "eth0", ADVERT, formerMac);
    noteOwnerMac(change, "eth0", { ...ADVERT, source: "198.51.100.66" }, newMac);
    noteOwnerMac(change, "eth0", { ...NEW_ADVERT, priority: 0 }, formerMac);

    expect(change.ownerMacs).toEqual({ ofNew: newMac, ofFormer: formerMac });
  });

  it("is asked for while the host is held back, or ignores a former owner", () => {
    const asked = [HELD, IGNORING, WATCHING].map((progress) => contestedVip(changeWith({ progress })));

    expect(asked).toEqual([shared, shared, undefined]);
  });
});

describe("a change that is redirected", () => {
  it.each([
    { how: "keeps the time of its source", source: "198.51.100.11", sourceSinceMs: 1_000 },
    { how: "notes when its source changes", source: "198.51.100.61", sourceSinceMs: 3_000 },
  ])("$how", ({ source, sourceSinceMs }) => {
    const change = changeWith({});
    const peers = ["198.51.100.12", "198.51.100.13"];
    redirectChange(change, { ...LATER, unicast: { source, peers, isAlone: false } }, TO, 3_000);

    expect(change).toMatchObject({ sinceMs: 3_000, sourceSinceMs });
  });

  it("begins anew, and both earlier groups may still have an owner", () => {
    const change = changeWith({ heard: { newOwnerMs: 1_500 } });
    redirectChange(change, LATER, TO, 3_000);

    expect(change).toMatchObject({ to: LATER, formerGroups: [INSTANCE, TO], sinceMs: 3_000, heard: {} });
  });

  it("keeps its time and its adverts if only the priority differs", () => {
    const change = changeWith({ heard: { newOwnerMs: 1_500 } });
    const to = { ...TO, priority: 1 };
    redirectChange(change, to, TO, 3_000);

    expect(change).toMatchObject({
      to,
      formerGroups: [INSTANCE],
      sinceMs: 1_000,
      heard: { newOwnerMs: 1_500 },
    });
  });

  it("has no former group if it leads back before any host could have changed", () => {
    const change = beginChange(INSTANCE, [], false, 1_000);
    redirectChange(change, INSTANCE, INSTANCE, 3_000);

    expect(change.formerGroups).toEqual([]);
  });

  it("counts the group that it left as a former one if it leads back", () => {
    const change = changeWith();
    redirectChange(change, INSTANCE, INSTANCE, 3_000);

    expect(change.formerGroups).toEqual([TO]);
  });
});

it.each<[Progress, boolean]>([
  [{ phase: "begun", isHeld: true }, true],
  [{ phase: "begun", isHeld: false }, false],
  [HELD, true],
  [WATCHING, false],
  [{ phase: "done", instance: TO, wasOwner: true }, false],
])("knows whether this host is held back: %#", (progress, isHeld) => {
  expect(isHeldBack(changeWith({ progress }))).toBe(isHeld);
});

it.each<[Progress, PlannedChange["heard"]]>([
  [{ ...HELD, wasOwner: true }, { releasedMs: 4_000 }],
  [HELD, {}],
  [{ ...WATCHING, wasOwner: true }, {}],
])("takes an owner that is held back as one that released the VIPs: %#", (progress, heard) => {
  const change = changeWith({ progress });
  noteInForce(change, 4_000);

  expect(change.heard).toEqual(heard);
});

it("notes to whom an owner that is held back gave way", () => {
  const change = changeWith({ progress: { ...HELD, wasOwner: true }, heard: { formerOwner: IGNORED } });
  noteInForce(change, 4_000);

  expect(change.heard).toMatchObject({ releasedMs: 4_000, gaveWayTo: ADVERT.source });
});
