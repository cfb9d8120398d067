import { describe, expect, it } from "vitest";
import { canRunHere, describeLostSource } from "../../src/groups/instance-on-host.ts";
import {
  type HostNetwork,
  type LocalAddress,
  type LocalInterface,
  withoutAddresses,
} from "../../src/network/host-network.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const SOURCE = "198.51.100.11";
const PEER = "198.51.100.12";

const NETWORK: HostNetwork = {
  interfaces: [
    {
      name: "eth0",
      isLoopback: false,
      addresses: [{ address: SOURCE, prefix: 24, isSecondary: false }],
    },
    {
      name: "eth1",
      isLoopback: false,
      addresses: [{ address: "203.0.113.11", prefix: 24, isSecondary: false }],
    },
  ],
  defaultRoute: { ipv4: "eth0" },
};
const WITHOUT_SOURCE = withoutAddresses(NETWORK, new Set([SOURCE]));

const RUNNING: Instance = {
  ...INSTANCE,
  interface: "eth0",
  unicast: { source: SOURCE, peers: [PEER], isAlone: false },
};
const ALONE: Instance = { ...RUNNING, unicast: { source: SOURCE, peers: [SOURCE], isAlone: true } };
const MULTICAST: Instance = { ...RUNNING, unicast: undefined };

describe("canRunHere", () => {
  it.each<{ why: string; instance: Instance; network: HostNetwork; want: boolean }>([
    { why: "interface and source exist", instance: RUNNING, network: NETWORK, want: true },
    {
      why: "the source is on another interface",
      instance: { ...RUNNING, interface: "eth1" },
      network: NETWORK,
      want: true,
    },
    { why: "the source is gone", instance: RUNNING, network: WITHOUT_SOURCE, want: false },
    {
      why: "the source is gone and the host is alone",
      instance: ALONE,
      network: WITHOUT_SOURCE,
      want: false,
    },
    {
      why: "the interface is gone, and its address is on another one",
      instance: { ...RUNNING, interface: "eth7" },
      network: NETWORK,
      want: false,
    },
    { why: "multicast needs no source", instance: MULTICAST, network: WITHOUT_SOURCE, want: true },
    {
      why: "multicast needs the interface",
      instance: { ...MULTICAST, interface: "eth7" },
      network: NETWORK,
      want: false,
    },
  ])("is $want where $why", ({ instance, network, want }) => {
    expect(canRunHere(instance, network)).toBe(want);
  });
});

/** The network of the host with another state of the source's address, or of its interface. */
function withSource(address: Partial<LocalAddress>, link: Partial<LocalInterface> = {}): HostNetwork {
  const addresses = [{ address: SOURCE, prefix: 24, isSecondary: false, ...address }];
  return { interfaces: [{ name: "eth0", isLoopback: false, addresses, ...link }], defaultRoute: {} };
}

describe("describeLostSource", () => {
  it("says that a source cannot send while duplicates are detected, or after that failed", () => {
    const network = withSource({ flaw: "tentative" });

    expect(describeLostSource(RUNNING, network)).toContain("198.51.100.11 cannot send");
    expect(describeLostSource(ALONE, network)).toBeUndefined();
    expect(describeLostSource(RUNNING, withSource({ flaw: "passing" }))).toBeUndefined();
  });

  it("says that a source is no host's own where containers are behind its interface", () => {
    expect(describeLostSource(RUNNING, withSource({}, { isForContainers: true }))).toBe(
      "the VRRP source 198.51.100.11 is an address that every Docker host has",
    );
  });

  it("says that the source is gone, unless the host has no peers to reach", () => {
    expect(describeLostSource(RUNNING, WITHOUT_SOURCE)).toBe(
      "the VRRP source 198.51.100.11 is gone from this host",
    );
    expect(describeLostSource(RUNNING, NETWORK)).toBeUndefined();
    expect(describeLostSource(ALONE, WITHOUT_SOURCE)).toBeUndefined();
  });

  it("says that an IPv6 group of multicast cannot send from its interface's link-local address yet", () => {
    const group: Instance = { ...MULTICAST, firstVip: { address: "2001:db8::100", prefix: 128 } };

    expect(describeLostSource(group, withSource({ address: "fe80::1", flaw: "tentative" }))).toContain(
      "fe80::1",
    );
    expect(describeLostSource(group, withSource({ address: "fe80::1" }))).toBeUndefined();
    expect(
      describeLostSource(MULTICAST, withSource({ address: "fe80::1", flaw: "tentative" })),
    ).toBeUndefined();
  });

  it("says nothing of IPv4 multicast, which has no source of its own", () => {
    expect(describeLostSource(MULTICAST, WITHOUT_SOURCE)).toBeUndefined();
  });
});
