import { describe, expect, it } from "vitest";
import type { HostNetwork, LocalInterface } from "../../src/network/host-network.ts";
import { isContainerBridge, isSharedAddress, ownAddresses } from "../../src/network/shared-address.ts";

function link(name: string, addresses: readonly string[], change: Partial<LocalInterface> = {}) {
  const locals = addresses.map((address) => ({ address, prefix: 24, isSecondary: false }));
  return { name, isLoopback: false, addresses: locals, ...change };
}

function networkOf(...interfaces: LocalInterface[]): HostNetwork {
  return { interfaces, defaultRoute: {} };
}

describe("isContainerBridge", () => {
  it.each([
    { name: "docker0", want: true },
    { name: "docker_gwbridge", want: true },
    { name: "br-0123456789ab", want: true },
    { name: "br-ex", want: false },
    { name: "rancher0", isBridge: true, metadataLink: "rancher0", want: true },
    { name: "rancher0", isBridge: true, metadataLink: "docker0", want: false },
    { name: "virbr0", isBridge: true, want: true },
    { name: "virbr0", want: false },
    { name: "virbr0", isBridge: true, uplinks: ["virbr0"], want: false },
    { name: "docker-sys", isBridge: true, want: true },
    { name: "br1", isBridge: true, want: false },
    { name: "eth1", metadataLink: "eth1", want: false },
    { name: "br0", isBridge: true, metadataLink: "br0", uplinks: ["br0"], want: false },
    { name: "docker0", uplinks: ["docker0"], want: false },
  ])("$name, metadata via $metadataLink, default route via $uplinks: $want", (given) => {
    const { metadataLink, uplinks = [], want, ...bridge } = given;
    expect(isContainerBridge(bridge, metadataLink, uplinks)).toBe(want);
  });
});

describe("an address", () => {
  const docker0 = link("docker0", ["172.17.0.1", "10.42.0.1"], { isForContainers: true });
  const eth0 = link("eth0", ["198.51.100.11"]);

  it.each([
    { why: "docker0's", address: "172.17.0.1", network: networkOf(eth0, docker0), want: true },
    { why: "of the managed network", address: "10.42.0.1", network: networkOf(eth0, docker0), want: true },
    { why: "the host's own", address: "198.51.100.11", network: networkOf(eth0, docker0), want: false },
    { why: "another host's", address: "198.51.100.12", network: networkOf(eth0, docker0), want: false },
    {
      why: "docker0's usual one, where docker0 has another",
      address: "172.17.0.1",
      network: networkOf(eth0),
      want: true,
    },
    {
      why: "docker0's usual one, in a LAN with these numbers",
      address: "172.17.0.1",
      network: networkOf(link("eth0", ["172.17.0.7"])),
      want: false,
    },
    {
      why: "on a bridge and on an interface of the host",
      address: "198.51.100.11",
      network: networkOf(eth0, link("docker0", ["198.51.100.11"], { isForContainers: true })),
      want: false,
    },
  ])("is shared where it is $why: $want", ({ address, network, want }) => {
    expect(isSharedAddress(address, network)).toBe(want);
  });

  it("is this host's own unless it is on a bridge of containers", () => {
    expect(ownAddresses(networkOf(eth0, docker0))).toEqual(["198.51.100.11"]);
  });
});
