import { describe, expect, it } from "vitest";
import type { LocalInterface } from "../../src/network/host-network.ts";
import { judgeNetwork, type NetworkSigns, refuseNetwork } from "../../src/preflight/container-network.ts";
import { INSTANCE } from "../fixtures/desired.ts";

function link(name: string, ...addresses: string[]): LocalInterface {
  const local = addresses.map((address) => ({ address, prefix: 16, isSecondary: false }));
  return { name, isLoopback: name === "lo", addresses: local };
}

const LO = link("lo", "127.0.0.1");
const DOCKER0 = link("docker0", "172.17.0.1");

function signs(interfaces: readonly LocalInterface[], change: Partial<NetworkSigns> = {}): NetworkSigns {
  const network = { interfaces, defaultRoute: {} };
  return { network, isInContainer: true, isFirstNetwork: false, agentIp: "198.51.100.11", ...change };
}

describe("a container's own network", () => {
  it.each([
    { what: "on Docker's bridge", links: [LO, link("eth0", "172.17.0.5")] },
    { what: "on a bridge of its own", links: [LO, link("eth0", "172.20.0.3", "fe80::1")] },
    { what: "on Rancher's managed network", links: [LO, link("eth0", "172.17.0.5", "10.42.7.8")] },
    { what: "on podman's network", links: [LO, link("eth0", "10.88.0.7")] },
    { what: "on two networks", links: [LO, link("eth0", "10.42.7.8"), link("eth1", "172.18.0.2")] },
    { what: "with devices of the kernel", links: [LO, link("tunl0"), link("eth0", "10.42.7.8")] },
  ])("is detected $what", ({ links }) => {
    const finding = judgeNetwork(signs(links));

    expect(finding?.code).toBe("HOST_NETWORK_MISSING");
    expect(finding?.message).toContain("eth0");
  });
});

describe("the host's network is not mistaken for a container's", () => {
  const INSIDE = [LO, link("eth0", "172.17.0.5")];

  it.each([
    { what: "without Docker", links: INSIDE, change: { isInContainer: false } },
    { what: "of a machine that has such addresses", links: INSIDE, change: { isFirstNetwork: true } },
    { what: "with the host's address by metadata", links: INSIDE, change: { agentIp: "172.17.0.5" } },
    { what: "with docker0, in a host made of a container", links: [...INSIDE, DOCKER0] },
    { what: "with another name", links: [LO, link("enp1s0", "172.17.0.5")] },
    { what: "with another address", links: [LO, link("eth0", "198.51.100.11")] },
    { what: "with an address beside", links: [LO, link("eth0", "172.17.0.5", "198.51.100.11")] },
    { what: "without an address yet", links: [LO, link("eth0")] },
    { what: "with nothing", links: [LO] },
  ])("$what", ({ links, change }) => {
    expect(judgeNetwork(signs(links, change))).toBeUndefined();
  });
});

describe("an instance in the network of a container", () => {
  const INSIDE = signs([LO, link("eth0", "172.17.0.5")], { agentIp: undefined });
  const inside = { ...INSTANCE, firstVip: { address: "172.17.0.100", prefix: 16 } };

  it("is refused", () => {
    expect(refuseNetwork(INSIDE, [INSTANCE])?.code).toBe("HOST_NETWORK_MISSING");
  });

  it.each([
    { what: "its VIP is of a subnet that is there", from: INSIDE, instances: [INSTANCE, inside] },
    { what: "a sign is missing", from: { ...INSIDE, isFirstNetwork: true }, instances: [INSTANCE] },
  ])("is not refused where $what", ({ from, instances }) => {
    expect(refuseNetwork(from, instances)).toBeUndefined();
  });
});
