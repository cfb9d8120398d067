/** Whether a filter table surely drops what this host forwards: doubt is never an alarm. */
import { describe, expect, it } from "vitest";
import { findForwardBlocker } from "../../src/iptables/filter-walk.ts";
import type { ForwardedPacket } from "../../src/iptables/forward-match.ts";

const PACKET: ForwardedPacket = {
  protocol: "tcp",
  inInterface: "eth0",
  outInterface: "docker0",
  direction: "to-target",
  target: "10.42.1.2",
  targetPort: 80,
};

function blocker(rules: readonly string[], policy = "DROP", packet: Partial<ForwardedPacket> = {}) {
  const chains = ["CATTLE_FORWARD", "DOCKER-USER", "DOCKER"].map((name) => `:${name} - [0:0]`);
  const head = ["*filter", ":INPUT ACCEPT [0:0]", `:FORWARD ${policy} [0:0]`, ":OUTPUT ACCEPT [0:0]"];
  const save = [...head, ...chains, ...rules, "COMMIT", ""].join("\n");
  return findForwardBlocker(save, { ...PACKET, ...packet });
}

const REPLIES = "-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
const OUTWARDS = "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT";
const RANCHER = [
  "-A FORWARD -j CATTLE_FORWARD",
  "-A CATTLE_FORWARD -m mark --mark 0x1068 -j ACCEPT",
  "-A CATTLE_FORWARD -m mark --mark 0x4000 -j ACCEPT",
];

it.each([
  { what: "by the policy without a rule", rules: [], by: "the policy of FORWARD" },
  {
    what: "with Docker's accepts for other packets",
    rules: [REPLIES, OUTWARDS],
    by: "the policy of FORWARD",
  },
  { what: "where another port is accepted", rules: ["-A FORWARD -p tcp -m tcp --dport 443 -j ACCEPT"] },
  {
    what: "where other ports are",
    rules: ["-A FORWARD -p tcp -m multiport --dports 81,8000:8100 -j ACCEPT"],
  },
  { what: "where UDP is", rules: ["-A FORWARD -p udp -j ACCEPT"] },
  { what: "where another container is", rules: ["-A FORWARD -d 10.42.1.3/32 -j ACCEPT"] },
  { what: "where another way out is", rules: ["-A FORWARD -o br-1 -j ACCEPT"] },
  {
    what: "by a rule",
    policy: "ACCEPT",
    rules: ["-A FORWARD -d 10.42.0.0/16 -p tcp -m tcp --dport 80 -j DROP"],
    by: "the rule -A FORWARD -d 10.42.0.0/16 -p tcp -m tcp --dport 80 -j DROP",
  },
  { what: "before Rancher's accept", policy: "ACCEPT", rules: ["-A FORWARD -i eth0 -j REJECT", ...RANCHER] },
  {
    what: "as new",
    policy: "ACCEPT",
    rules: ["-A FORWARD -m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP"],
  },
])("a packet is dropped $what", ({ rules, policy, by }) => {
  expect(blocker(rules, policy)).toEqual(by ?? expect.any(String));
});

it.each([
  { what: "the policy accepts", policy: "ACCEPT", rules: [REPLIES] },
  { what: "Rancher accepts its mark, which nobody reads here", rules: RANCHER },
  {
    what: "Docker accepts the container",
    rules: [
      "-A FORWARD -o docker0 -j DOCKER",
      "-A DOCKER -d 10.42.1.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT",
    ],
  },
  { what: "translated packets are accepted", rules: ["-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT"] },
  { what: "some clients are accepted", rules: ["-A FORWARD -s 198.51.100.0/24 -j ACCEPT"] },
  { what: "some clients are dropped", policy: "ACCEPT", rules: ["-A FORWARD -s 198.51.100.0/24 -j DROP"] },
  { what: "a set may accept it", rules: ["-A FORWARD -m set --match-set a dst,dst -j ACCEPT"] },
  { what: "a rule may be left out by iptables", rules: ["-A FORWARD -m doubt -j DOUBT"] },
  { what: "an accept cannot be read", rules: ["-A FORWARD -p tcp -j ACCEPT [unsupported revision]"] },
  { what: "only a flood is dropped", policy: "ACCEPT", rules: ["-A FORWARD -m limit --limit 5/sec -j DROP"] },
  {
    what: "only invalid packets are",
    policy: "ACCEPT",
    rules: ["-A FORWARD -m conntrack --ctstate INVALID -j DROP"],
  },
])("a packet may pass where $what", ({ rules, policy }) => {
  expect(blocker(rules, policy)).toBeUndefined();
});

it("decides nothing by an interface that is not known", () => {
  const way = ["-A FORWARD -i eth1 -o br-1 -j ACCEPT"];
  expect(blocker(way)).toBeDefined();
  expect(blocker(way, "DROP", { inInterface: undefined })).toBeDefined();
  expect(blocker(way, "DROP", { inInterface: undefined, outInterface: undefined })).toBeUndefined();
});

describe("the answer", () => {
  const ANSWER: Partial<ForwardedPacket> = {
    direction: "from-target",
    inInterface: "docker0",
    outInterface: undefined,
    avoidedInterface: "docker0",
  };

  it.each([
    {
      what: "is dropped where only the way to the target is accepted",
      rules: ["-A FORWARD -o docker0 -j ACCEPT"],
    },
    {
      what: "is dropped where only its question is accepted",
      rules: ["-A FORWARD -o docker0 -i eth0 -j ACCEPT"],
    },
    {
      what: "is dropped where only new packets are accepted",
      rules: ["-A FORWARD -m state --state NEW -j ACCEPT"],
    },
    {
      what: "is dropped by its source",
      policy: "ACCEPT",
      rules: ["-A FORWARD -s 10.42.1.2/32 -p tcp -m tcp --sport 80 -j DROP"],
    },
  ])("$what", ({ rules, policy }) => {
    expect(blocker(rules, policy, ANSWER)).toBeDefined();
  });

  it.each([
    { what: "of known connections", rules: [REPLIES.replace("-o docker0 ", "")] },
    { what: "of translated ones", rules: ["-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT"] },
    { what: "outwards, to wherever the client is", rules: [OUTWARDS] },
    { what: "to some clients", rules: ["-A FORWARD -d 198.51.100.0/24 -j ACCEPT"] },
  ])("may pass an accept $what", ({ rules }) => {
    expect(blocker(rules, "DROP", ANSWER)).toBeUndefined();
  });
});

it("takes an address of the other family for none of the packet's", () => {
  const over = { target: "fd00::2" };
  expect(blocker(["-A FORWARD -s ::/0 ! -d fd00::/8 -j DROP"], "ACCEPT")).toBeUndefined();
  expect(blocker(["-A FORWARD -s fd00::/8 -j ACCEPT"])).toBe("the policy of FORWARD");
  expect(blocker(["-A FORWARD -s ::/0 ! -d fd00::/16 -j DROP"], "ACCEPT", over)).toBeUndefined();
  expect(blocker(["-A FORWARD -s ::/0 ! -d fd00:1::/32 -j DROP"], "ACCEPT", over)).toContain("the rule ");
  expect(blocker(["-A FORWARD -s 0.0.0.0/0 ! -d 10.0.0.0/8 -j DROP"], "ACCEPT", over)).toBeUndefined();
});
