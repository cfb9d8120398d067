import { describe, expect, it } from "vitest";
import { captureTargets } from "../../src/split-brain/capture-targets.ts";
import { NO_EVIDENCE, type WireEvidence, withFrame } from "../../src/split-brain/evidence.ts";
import { createRivalEnds, type Rival, rivalsOf } from "../../src/split-brain/rivals.ts";
import type { WatchedGroup } from "../../src/split-brain/watched-group.ts";
import { vipsOf } from "../../src/vrrp/instance.ts";
import { ADVERT, BACKED_UP } from "../fixtures/rival.ts";

const MAC = "02:00:00:00:00:12";
const OWN_MAC = "02:00:00:00:00:11";
const instance = {
  ...BACKED_UP.instance,
  excludedVips: [
    { address: "198.51.100.51", prefix: 32 },
    { address: "198.51.100.49", prefix: 32 },
  ],
};
const OWNER: WatchedGroup = { ...BACKED_UP, instance, isOwner: true, ownMacs: new Set([OWN_MAC]) };
const RIVAL: Rival = { group: "main", interface: "eth0", address: "198.51.100.50", mac: MAC };

function claims(...given: readonly (readonly [address: string, mac: string, atMs: number])[]): WireEvidence {
  return given.reduce((evidence, [address, mac, atMs]) => {
    const claim = { address, mac };
    return withFrame(evidence, { text: "", interface: "eth0", mac, claim }, atMs);
  }, NO_EVIDENCE);
}

const advertAt = (atMs: number) =>
  withFrame(NO_EVIDENCE, { text: "", interface: "eth0", mac: MAC, advert: ADVERT }, atMs);

describe("a rival of the owner", () => {
  it.each<[string, WireEvidence, Rival[]]>([
    ["claims the first VIP", claims(["198.51.100.50", MAC, 0]), [RIVAL]],
    ["claims another VIP", claims(["198.51.100.51", MAC, 0]), [{ ...RIVAL, address: "198.51.100.51" }]],
    [
      "claims several, and is asked for the first of them",
      claims(["198.51.100.49", MAC, 0], ["198.51.100.51", MAC, 0], ["198.51.100.50", MAC, 0]),
      [RIVAL],
    ],
    ["sends adverts as owner, and is asked for the first VIP", advertAt(0), [RIVAL]],
    ["is not this host itself", claims(["198.51.100.50", OWN_MAC, 0]), []],
    ["is not a host with an address that is no VIP", claims(["198.51.100.99", MAC, 0]), []],
  ])("%s", (_, evidence, want) => {
    expect(rivalsOf([OWNER], evidence, 100)).toEqual(want);
    expect(rivalsOf([{ ...OWNER, isOwner: false }], evidence, 100)).toEqual([]);
  });

  it("is gone after two answers that did not come", () => {
    const evidence = claims(["198.51.100.50", MAC, 0]);

    expect(rivalsOf([OWNER], evidence, 600)).toHaveLength(1);
    expect(rivalsOf([OWNER], evidence, 601)).toEqual([]);
  });

  it("is one of three at most, those that were heard first", () => {
    const many = Array.from({ length: 9 }, (_, index) => `02:00:00:00:01:0${index}`);
    const evidence = claims(...many.map((mac) => ["198.51.100.50", mac, 0] as const));

    expect(rivalsOf([OWNER], evidence, 0).map(({ mac }) => mac)).toEqual(many.slice(0, 3));
  });
});

describe("the end of a rival", () => {
  const owned = new Set(["main"]);

  it("is noticed once", () => {
    const ends = createRivalEnds();
    expect(ends.note([RIVAL], owned)).toEqual(new Set());
    expect(ends.note([{ ...RIVAL, address: "198.51.100.51" }], owned)).toEqual(new Set());
    expect(ends.note([], owned)).toEqual(new Set(["main"]));
    expect(ends.note([], owned)).toEqual(new Set());
  });

  it("is none where this host owns the group no more, nor after a pause", () => {
    const ends = createRivalEnds();
    ends.note([RIVAL], owned);
    expect(ends.note([], new Set())).toEqual(new Set());
    ends.note([RIVAL], owned);
    ends.clear();
    expect(ends.note([], owned)).toEqual(new Set());
  });
});

describe("what the listener captures", () => {
  const link = { name: "eth0", mac: OWN_MAC, isLoopback: false };
  const target = (addresses: readonly string[], rivals: readonly Rival[] = []) => {
    const locals = addresses.map((address) => ({ address, prefix: 64, isSecondary: false }));
    const network = { interfaces: [{ ...link, addresses: locals }], defaultRoute: {} };
    return captureTargets([OWNER], network, rivals)[0];
  };

  it("has the first VIP of each group before all others", () => {
    expect(vipsOf(instance)).toContain("198.51.100.49");
    expect(target([])?.guardedAddresses).toEqual(["198.51.100.50", "198.51.100.49", "198.51.100.51"]);
  });

  it("asks for IPv6 addresses from the interface's link-local address", () => {
    expect(target(["198.51.100.11", "2001:db8::11", "fe80::11"])?.linkLocal).toBe("fe80::11");
    expect(target(["198.51.100.11", "2001:db8::11"])?.linkLocal).toBe(undefined);
  });

  it("has the rivals in an order that does not depend on what was heard first", () => {
    const other = { ...RIVAL, mac: "02:00:00:00:00:13" };

    expect(target([], [other, RIVAL])).toEqual(target([], [RIVAL, other]));
    expect(target([], [RIVAL])?.rivals).toEqual([{ address: RIVAL.address, mac: MAC }]);
  });
});
