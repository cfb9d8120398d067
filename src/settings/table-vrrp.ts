/**
 * Settings of one VRRP group. Where two of them exclude each other the later row gives way, so the order counts:
 * a value stands after those that it must agree with.
 */

import * as v from "valibot";
import type { Rows } from "./row.ts";
import { BOOLEAN, choice, integer, type Kind, listOf, seconds } from "./value-kind.ts";
import { HOST_ADDRESS, INTERFACE_NAME, VIRTUAL_ADDRESS } from "./value-network.ts";
import { PASSWORD } from "./value-text.ts";

const VERSION: Kind<2 | 3> = {
  schema: v.pipe(
    choice(["2", "3"]).schema,
    v.transform((text) => (text === "2" ? 2 : 3)),
  ),
  allowed: "2 or 3",
};

const ADVERT_INTERVAL: Kind<number> = {
  schema: seconds(0.05, 255).schema,
  allowed: "0.05-40.95 in steps of 0.01, with VRRPv2 1-255 without decimals",
};

export const VRRP_ROWS = {
  virtualIps: {
    isGroupWide: true,
    variable: "VIRTUAL_IP",
    metadata: "virtual_ip",
    kind: listOf(VIRTUAL_ADDRESS, ({ address }) => address),
    defaultNote: "required",
    help: "The virtual IPs (VIPs); the first is the one that hosts agree on, and must be the same everywhere",
    example: "192.168.10.100",
  },
  virtualMask: {
    variable: "VIRTUAL_MASK",
    metadata: "virtual_mask",
    kind: integer(0, 128),
    defaultNote: "32 (IPv6: 128)",
    help: "Prefix length of VIPs that are written without one; above 32 it is meant for IPv6",
    example: "24",
  },
  interface: {
    isGroupWide: true,
    variable: "INTERFACE",
    label: "interface",
    metadata: "interface",
    kind: INTERFACE_NAME,
    defaultNote: "whose subnet holds the first VIP, else the VRRP source's, else the default route's",
    help: "Network interface that carries the VIPs",
    example: "br-ex",
  },
  vrid: {
    isGroupWide: true,
    variable: "VRID",
    metadata: "vrid",
    kind: integer(1, 255),
    defaultNote: "last octet of the first VIP (IPv6: a stable hash)",
    help: "Number of the VRRP group, which nobody else in this network may use",
    example: "51",
  },
  priority: {
    variable: "PRIORITY",
    label: "priority",
    metadata: "priority",
    kind: integer(1, 254),
    defaultNote: "200-254, a stable hash of group and host",
    help: "The healthy host with the highest one is preferred when a VIP needs an owner",
    example: "250",
  },
  vrrpVersion: {
    isGroupWide: true,
    variable: "VRRP_VERSION",
    metadata: "vrrp_version",
    kind: VERSION,
    defaultText: "3",
    defaultNote: "2 where AUTH_PASS is set",
    help: "VRRP version; all members of a group must speak the same",
    example: "2",
  },
  authPass: {
    variable: "AUTH_PASS",
    kind: PASSWORD,
    isSecret: true,
    help: "VRRPv2 password, for groups with members that are not this agent; unused where the metadata asks for version 3",
    example: "s3cret",
  },
  advertIntervalSeconds: {
    isGroupWide: true,
    variable: "ADVERT_INTERVAL",
    metadata: "advert_interval",
    kind: ADVERT_INTERVAL,
    unit: "s",
    defaultText: "0.2",
    defaultNote: "1 with VRRPv2",
    help: "Time between two adverts; an owner that dies is replaced after three to four of them",
    example: "0.5",
  },
  preempt: {
    variable: "PREEMPT",
    metadata: "preempt",
    kind: BOOLEAN,
    defaultText: "false",
    help: "Whether a host with a higher priority takes the VIPs back from a healthy owner",
    example: "true",
  },
  preemptDelaySeconds: {
    variable: "PREEMPT_DELAY",
    metadata: "preempt_delay",
    kind: seconds(0, 1000),
    unit: "s",
    defaultText: "0",
    help: "How long it waits before it does",
    example: "60",
  },
  unicast: {
    isGroupWide: true,
    variable: "UNICAST",
    metadata: "unicast",
    kind: BOOLEAN,
    defaultText: "true",
    help: "Adverts go to each member; `false` sends them by multicast",
    example: "false",
  },
  unicastSource: {
    variable: "UNICAST_SRC_IP",
    label: "address",
    kind: HOST_ADDRESS,
    defaultNote: "the host's agent_ip if it is local, else the interface's address",
    help: "Address that this host speaks VRRP from; set as a label, the other hosts use it too",
    example: "192.168.10.11",
  },
  unicastPeers: {
    isGroupWide: true,
    variable: "UNICAST_PEERS",
    metadata: "unicast_peers",
    kind: listOf(HOST_ADDRESS, (address) => address),
    defaultNote: "none",
    help: "Members that Rancher does not know, beside those that it knows",
    example: "192.168.10.12,192.168.10.13",
  },
  drain: {
    label: "drain",
    metadata: "drain",
    kind: BOOLEAN,
    defaultText: "false",
    help: "`true` releases the VIPs of this host, for maintenance",
    example: "true",
  },
} as const satisfies Rows;
