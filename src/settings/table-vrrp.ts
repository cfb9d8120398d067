/**
 * Settings of VRRP for one group. The order matters: a row that must agree with others stands below them, and its value
 * is the one that is refused.
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
  allowed: "0.05-40.95 in steps of 0.01, or with VRRPv2 a whole number from 1 to 255",
};

export const VRRP_ROWS = {
  virtualIps: {
    isGroupWide: true,
    variable: "VIRTUAL_IP",
    metadata: "virtual_ip",
    kind: listOf(VIRTUAL_ADDRESS, ({ address }) => address),
    defaultNote: "required",
    help: "Virtual IPs (VIPs) of the group. The first one identifies the group, so it must be the same on every host.",
    example: "192.168.10.100",
  },
  virtualMask: {
    variable: "VIRTUAL_MASK",
    metadata: "virtual_mask",
    kind: integer(0, 128),
    defaultNote: "32 (IPv6: 128)",
    help: "Prefix length of VIPs that are given without one. A value above 32 applies to IPv6 only.",
    example: "24",
  },
  interface: {
    isGroupWide: true,
    variable: "INTERFACE",
    label: "interface",
    metadata: "interface",
    kind: INTERFACE_NAME,
    defaultNote:
      "the interface whose subnet holds the first VIP, else that of the VRRP source address, else that of the default route",
    help: "Network interface that carries the VIPs.",
    example: "br-ex",
  },
  vrid: {
    isGroupWide: true,
    variable: "VRID",
    metadata: "vrid",
    kind: integer(1, 255),
    defaultNote: "the last octet of the first VIP (IPv6: a stable hash)",
    help: "Number of the VRRP group (virtual router ID). No other VRRP group in this network may use it.",
    example: "51",
  },
  priority: {
    variable: "PRIORITY",
    label: "priority",
    metadata: "priority",
    kind: integer(1, 254),
    defaultNote: "240-254, a stable hash of group and host",
    help: "When a VIP needs an owner, the healthy host with the highest priority is preferred.",
    example: "254",
  },
  vrrpVersion: {
    isGroupWide: true,
    variable: "VRRP_VERSION",
    metadata: "vrrp_version",
    kind: VERSION,
    defaultText: "3",
    defaultNote: "2 if AUTH_PASS is set",
    help: "VRRP version. All members of a group must use the same one.",
    example: "2",
  },
  authPass: {
    variable: "AUTH_PASS",
    kind: PASSWORD,
    isSecret: true,
    help: "VRRPv2 password, for groups with members other than this agent. It is not used if the metadata sets version 3.",
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
    help: "Time between two adverts. A dead owner is replaced within three intervals and the skew time. Where the owner can be asked (OWNER_PROBE), it takes little more than one interval.",
    example: "0.5",
  },
  preempt: {
    variable: "PREEMPT",
    metadata: "preempt",
    kind: BOOLEAN,
    defaultText: "false",
    help: "Whether a host with a higher priority takes the VIPs back from a healthy owner.",
    example: "true",
  },
  preemptDelaySeconds: {
    variable: "PREEMPT_DELAY",
    metadata: "preempt_delay",
    kind: seconds(0, 1000),
    unit: "s",
    defaultText: "0",
    help: "How long a host with a higher priority waits before it takes the VIPs back.",
    example: "60",
  },
  unicast: {
    isGroupWide: true,
    variable: "UNICAST",
    metadata: "unicast",
    kind: BOOLEAN,
    defaultText: "true",
    help: "Sends adverts to each member by unicast. `false` sends them by multicast.",
    example: "false",
  },
  unicastSource: {
    variable: "UNICAST_SRC_IP",
    label: "address",
    kind: HOST_ADDRESS,
    defaultNote: "the host's agent_ip if this machine has it, else the address of the interface",
    help: "Address from which this host sends its adverts. If it is set as a host label, the other hosts send to it, too.",
    example: "192.168.10.11",
  },
  unicastPeers: {
    isGroupWide: true,
    variable: "UNICAST_PEERS",
    metadata: "unicast_peers",
    kind: listOf(HOST_ADDRESS, (address) => address),
    defaultNote: "none",
    help: "Members that Rancher does not know. They are added to those that it knows.",
    example: "192.168.10.12,192.168.10.13",
  },
  drain: {
    label: "drain",
    metadata: "drain",
    kind: BOOLEAN,
    defaultText: "false",
    help: "`true` makes this host release its VIPs, for maintenance.",
    example: "true",
  },
} as const satisfies Rows;
