import { describe, expect, it } from "vitest";
import type { Instance } from "../../src/vrrp/instance.ts";
import { isSameButForSource, isSameGroup, keepsOwnerState } from "../../src/vrrp/same-group.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const V2_INSTANCE: Instance = { ...INSTANCE, vrrpVersion: 2, advertIntervalSeconds: 1 };
const OTHER_SOURCE: Instance = {
  ...INSTANCE,
  unicast: { source: "198.51.100.21", peers: ["198.51.100.12"], isAlone: false },
};

describe("isSameGroup", () => {
  it.each<[string, Partial<Instance>, boolean]>([
    ["its priority", { priority: 1 }, true],
    ["its further VIPs", { excludedVips: [{ address: "198.51.100.61", prefix: 32 }] }, true],
    ["its peers", { unicast: { source: "198.51.100.11", peers: ["198.51.100.99"], isAlone: false } }, true],
    ["its interval, with VRRPv3", { advertIntervalSeconds: 1 }, true],
    ["preemption", { preempt: true }, true],
    ["its VRID", { virtualRouterId: 51 }, false],
    ["its first VIP", { firstVip: { address: "198.51.100.60", prefix: 32 } }, false],
    ["its interface", { interface: "eth1" }, false],
    ["its version", { vrrpVersion: 2 }, false],
    ["its source", { unicast: { source: "198.51.100.21", peers: ["198.51.100.12"], isAlone: false } }, false],
    ["multicast", { unicast: undefined }, false],
  ])("of a group that differs in %s", (_what, change, isSame) => {
    expect(isSameGroup(INSTANCE, { ...INSTANCE, ...change })).toBe(isSame);
  });

  it("compares the interval and the password of VRRPv2, if both are known", () => {
    const old: Instance = { ...V2_INSTANCE, authPass: "blahblah" };

    expect(isSameGroup(old, { ...old, advertIntervalSeconds: 2 })).toBe(false);
    expect(isSameGroup(old, { ...old, authPass: "other" })).toBe(false);
    expect(isSameGroup(old, { ...old, authPass: undefined })).toBe(true);
  });
});

describe("isSameButForSource", () => {
  it.each<[string, Instance, boolean]>([
    ["nothing", INSTANCE, true],
    ["its source", OTHER_SOURCE, true],
    ["multicast", { ...INSTANCE, unicast: undefined }, false],
    ["its source and its VRID", { ...OTHER_SOURCE, virtualRouterId: 51 }, false],
    ["its source and its version", { ...OTHER_SOURCE, vrrpVersion: 2 }, false],
    [
      "its source and its first VIP",
      { ...OTHER_SOURCE, firstVip: { address: "198.51.100.60", prefix: 32 } },
      false,
    ],
  ])("of a group that differs in %s", (_what, to, isSame) => {
    expect(isSameButForSource(INSTANCE, to)).toBe(isSame);
  });
});

describe("keepalived keeps an owner's state", () => {
  it.each<[string, Partial<Instance>, boolean]>([
    ["a new version", { vrrpVersion: 2, advertIntervalSeconds: 1 }, true],
    ["a new first VIP", { firstVip: { address: "198.51.100.60", prefix: 32 } }, true],
    ["a first VIP of the other family", { firstVip: { address: "2001:db8::50", prefix: 128 } }, false],
    ["a new VRID", { virtualRouterId: 51 }, false],
    ["a new interface", { interface: "eth1" }, false],
    ["a new source", { unicast: OTHER_SOURCE.unicast }, false],
    ["multicast", { unicast: undefined }, false],
  ])("over a change to %s: %#", (_what, change, isKept) => {
    expect(keepsOwnerState(INSTANCE, { ...INSTANCE, ...change })).toBe(isKept);
  });
});
