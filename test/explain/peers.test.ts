import { describe, expect, it } from "vitest";
import type { Member } from "../../src/metadata/members.ts";
import { addressInGroup, addressSource, listMembers } from "../../src/metadata/members.ts";
import { type Case, explainCase, host } from "../fixtures/explain.ts";

const VIP = { VIRTUAL_IP: "198.51.100.50" };
const LEFT: Member = {
  hostUuid: "uuid-4",
  hostName: "node-4",
  address: "198.51.100.14",
  groupAddresses: {},
  formerAddresses: [],
};

function peersOf(given: Case) {
  const peers = explainCase({ env: VIP, ...given }).groups["main"]?.peers ?? [];
  return peers.map(({ address, source, reason }) => `${address} ${source.kind} ${source.name}: ${reason}`);
}

describe("a peer's address", () => {
  it.each<{ why: string; given: Case; want: string[] }>([
    {
      why: "by its agent_ip",
      given: { others: [host(2)] },
      want: ["198.51.100.12 host agent_ip: node-2, its agent_ip"],
    },
    {
      why: "by its label",
      given: { others: [host(2, { labels: { "keepalived.address": "198.51.100.72" } })] },
      want: ["198.51.100.72 label keepalived.address: node-2, its label keepalived.address"],
    },
    {
      why: "by its label for the group, before the shared one",
      given: {
        others: [
          host(2, {
            labels: { "keepalived.main.address": "198.51.100.82", "keepalived.address": "198.51.100.72" },
          }),
        ],
      },
      want: ["198.51.100.82 label keepalived.main.address: node-2, its label keepalived.main.address"],
    },
    {
      why: "remembered, as the host left metadata",
      given: { others: [], former: [LEFT] },
      want: [
        "198.51.100.14 memory last-good.json: node-4 left metadata: kept for PEER_REMOVAL_GRACE (30 s), and while it runs VRRP",
      ],
    },
    {
      why: "its own, and the one that it had",
      given: {
        env: { ...VIP, PEER_REMOVAL_GRACE: "5" },
        others: [],
        former: [{ ...LEFT, formerAddresses: ["198.51.100.15"] }],
      },
      want: [
        "198.51.100.14 memory last-good.json: node-4 left metadata: kept for PEER_REMOVAL_GRACE (5 s), and while it runs VRRP",
        "198.51.100.15 memory last-good.json: node-4 had it until a moment ago: kept for PEER_REMOVAL_GRACE (5 s)",
      ],
    },
    {
      why: "by the setting",
      given: { env: { ...VIP, UNICAST_PEERS: "198.51.100.40" }, others: [] },
      want: ["198.51.100.40 environment UNICAST_PEERS: listed by UNICAST_PEERS (environment)"],
    },
    {
      why: "by two reasons",
      given: { env: { ...VIP, UNICAST_PEERS: "198.51.100.12" }, others: [host(2)] },
      want: ["198.51.100.12 host agent_ip: node-2, its agent_ip; listed by UNICAST_PEERS (environment)"],
    },
    {
      why: "its own where the host is alone",
      given: { others: [] },
      want: [
        "198.51.100.11 derived UNICAST_PEERS: this host's own address: it is alone, and keepalived takes an empty list for multicast",
      ],
    },
    { why: "none with multicast", given: { env: { ...VIP, UNICAST: "false" } }, want: [] },
  ])("is explained: $why", ({ given, want }) => {
    expect(peersOf(given)).toEqual(want);
  });
});

it.each([
  { labels: {}, agentIp: "198.51.100.12", want: "agent_ip" },
  { labels: { "keepalived.address": "nowhere" }, agentIp: "198.51.100.12", want: "agent_ip" },
  {
    labels: { "keepalived.web.address": "127.0.0.1", "keepalived.address": "198.51.100.9" },
    agentIp: "",
    want: "keepalived.address",
  },
  { labels: { "keepalived.web.address": " 198.51.100.8 " }, agentIp: "", want: "keepalived.web.address" },
  { labels: { "keepalived.db.address": "198.51.100.8" }, agentIp: "", want: undefined },
])(
  "with the labels $labels and agent_ip $agentIp, the address comes from $want",
  ({ labels, agentIp, want }) => {
    const self = host(1, { labels, agentIp });
    const service = { stackName: "", name: "", metadata: {}, containers: [] };
    const [member] = listMembers({ version: "", self, hosts: [self], service });

    expect(addressSource("web", self)).toBe(want);
    expect(addressInGroup("web", member!) === undefined).toBe(want === undefined);
  },
);
