import { describe, expect, it } from "vitest";
import type { GroupContext } from "../../src/groups/group-context.ts";
import { refuseHostAddresses } from "../../src/groups/vip-conflict.ts";
import type { LocalAddress, LocalInterface } from "../../src/network/host-network.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";

const VIP = "203.0.113.100";
const OWN: LocalAddress = { address: "198.51.100.11", prefix: 24, isSecondary: false };

/** Refuses the VIP, or not, where the address is on an interface already. */
function judge(
  vip: { address: string; prefix: number },
  local: Partial<LocalAddress>,
  {
    link = {},
    others = [OWN],
    uplink = "eth0",
  }: { link?: Partial<LocalInterface>; others?: readonly LocalAddress[]; uplink?: string },
) {
  const address: LocalAddress = { address: vip.address, prefix: 24, isSecondary: false, ...local };
  const eth0 = { name: "eth0", isLoopback: false, addresses: [...others, address], ...link };
  const context: GroupContext = {
    group: "main",
    hostUuid: "uuid-1",
    agentIp: OWN.address,
    members: [],
    network: { interfaces: [eth0], defaultRoute: { ipv4: uplink, ipv6: uplink } },
  };
  const { group } = resolveGroup("main", parseSettings({ VIRTUAL_IP: vip.address }), {}, {});
  return () => refuseHostAddresses(group, [vip], context);
}

interface Case {
  why: string;
  vip?: { address: string; prefix: number };
  local: Partial<LocalAddress>;
  place?: Parameters<typeof judge>[2];
}

describe("a VIP that is on the host already", () => {
  it.each<Case>([
    { why: "with a prefix below 32, beside the host's own address", local: { prefix: 24 } },
    { why: "with the VIP's prefix before it was changed", local: { prefix: 16 } },
    { why: "without a subnet, where the VIP has one now", local: { prefix: 32 } },
    { why: "as a secondary address", local: { isSecondary: true, isConfigured: true } },
    { why: "on an interface of its own", local: {}, place: { others: [], uplink: "eth1" } },
    {
      why: "with IPv6 without duplicate address detection",
      vip: { address: "2001:db8::100", prefix: 64 },
      local: { prefix: 64 },
      place: { others: [{ address: "2001:db8::11", prefix: 64, isSecondary: false, isConfigured: true }] },
    },
  ])("$why was left there by keepalived", ({ vip = { address: VIP, prefix: 24 }, local, place = {} }) => {
    expect(judge(vip, local, place)).not.toThrow();
  });

  it.each<Case>([
    { why: "with a broadcast address", local: { isConfigured: true } },
    {
      why: "without a subnet but set by a program that configures the host",
      vip: { address: VIP, prefix: 24 },
      local: { prefix: 32, isConfigured: true },
    },
    { why: "on loopback", local: {}, place: { link: { isLoopback: true } } },
    { why: "on a bridge of containers", local: {}, place: { link: { isForContainers: true } } },
    { why: "as the only address towards the default route", local: {}, place: { others: [] } },
    {
      why: "with IPv6 as the only address but a link-local one",
      vip: { address: "2001:db8::100", prefix: 64 },
      local: { prefix: 64 },
      place: { others: [OWN, { address: "fe80::1", prefix: 64, isSecondary: false }] },
    },
    {
      why: "with a secondary address of the host in its subnet",
      local: {},
      place: { others: [OWN, { address: "203.0.113.11", prefix: 24, isSecondary: true }] },
    },
  ])("$why is the host's own: VIP_CONFLICT", ({ vip = { address: VIP, prefix: 24 }, local, place = {} }) => {
    expect(judge(vip, local, place)).toThrow(expect.objectContaining({ code: "VIP_CONFLICT" }));
  });
});

describe("a VIP in the subnet of the host", () => {
  const judgeAlone = (address: string, prefix: number) =>
    judge({ address, prefix: 32 }, { address: "198.51.100.12", prefix }, {});

  it.each([
    { address: "198.51.100.255", prefix: 24, what: "broadcast" },
    { address: "198.51.100.0", prefix: 24, what: "network" },
    { address: "198.51.100.15", prefix: 28, what: "broadcast" },
  ])("is not $address, the $what address of its /$prefix", ({ address, prefix, what }) => {
    expect(judgeAlone(address, prefix)).toThrow(
      expect.objectContaining({
        code: "VIP_CONFLICT",
        message: expect.stringContaining(
          `${address} of VIRTUAL_IP (environment) is also the ${what} address of`,
        ),
      }),
    );
  });

  it.each([
    { address: "198.51.100.254", prefix: 24 },
    { address: "198.51.99.255", prefix: 24 },
    { address: "198.51.100.13", prefix: 31 },
    { address: "198.51.100.255", prefix: 22 },
  ])("may be $address with /$prefix", ({ address, prefix }) => {
    const alone = { others: [] };
    expect(judge({ address, prefix: 32 }, { address: "198.51.100.12", prefix }, alone)).not.toThrow();
  });
});
