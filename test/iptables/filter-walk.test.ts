import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AdvertPacket } from "../../src/iptables/filter-match.ts";
import { findBlocker } from "../../src/iptables/filter-walk.ts";

const IN: AdvertPacket = {
  direction: "in",
  interface: "eth0",
  source: "198.51.100.12",
  destination: "198.51.100.11",
};
const OUT: AdvertPacket = { ...IN, direction: "out", source: "198.51.100.11", destination: "198.51.100.12" };
const MULTICAST: AdvertPacket = { ...IN, source: undefined, destination: "224.0.0.18" };
const IPV6: AdvertPacket = { ...IN, source: "fe80::12", destination: "fe80::11" };

const REPLIES = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
const SSH = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT";

/** @param policies of INPUT and OUTPUT. */
function save(rules: readonly string[], policies = "ACCEPT ACCEPT", chains: readonly string[] = []): string {
  const [input, output] = policies.split(" ");
  const hooks = [`:INPUT ${input} [0:0]`, ":FORWARD DROP [0:0]", `:OUTPUT ${output} [0:0]`];
  return ["*filter", ...hooks, ...chains.map((name) => `:${name} - [0:0]`), ...rules, "COMMIT", ""].join(
    "\n",
  );
}

describe("an advert is blocked", () => {
  it.each([
    { what: "by its number", rules: ["-A INPUT -p 112 -j DROP"] },
    { what: "by its name", rules: ["-A INPUT -p vrrp -j REJECT --reject-with icmp-port-unreachable"] },
    { what: "by a rule for all", rules: [SSH, "-A INPUT -j DROP"], by: "the rule -A INPUT -j DROP" },
    { what: "by the policy", rules: [REPLIES, SSH], policies: "DROP ACCEPT", by: "the policy of INPUT" },
    { what: "by its interface", rules: ["-A INPUT -i eth+ -p vrrp -j DROP"] },
    { what: "by what it is not", rules: ["-A INPUT ! -p tcp -j DROP"] },
    { what: "by its sender", rules: ["-A INPUT -s 198.51.100.12/32 -j DROP"] },
    { what: "by all senders but one", rules: ["-A INPUT ! -s 198.51.100.13/32 -j DROP"] },
    {
      what: "though another host's is accepted",
      rules: ["-A INPUT -s 198.51.100.13/32 -p vrrp -j ACCEPT"],
      policies: "DROP ACCEPT",
    },
    {
      what: "though it is logged first",
      rules: ['-A INPUT -j LOG --log-prefix "-j ACCEPT"', "-A INPUT -j DROP"],
    },
    { what: "by a chain", rules: ["-A INPUT -j FW", "-A FW -p vrrp -j DROP"], chains: ["FW"] },
    {
      what: "by the policy behind a chain",
      rules: ["-A INPUT -j FW", "-A FW -p tcp -j ACCEPT"],
      chains: ["FW"],
      policies: "DROP ACCEPT",
    },
    {
      what: "behind a goto",
      rules: ["-A INPUT -g FW", "-A INPUT -j ACCEPT"],
      chains: ["FW"],
      policies: "DROP ACCEPT",
    },
    {
      what: "whatever a rate decides",
      rules: ["-A INPUT -m limit --limit 3/min -j DROP"],
      policies: "DROP ACCEPT",
    },
    { what: "on its way out", rules: ["-A OUTPUT -d 198.51.100.0/24 -p vrrp -j DROP"], advert: OUT },
    { what: "on its way out by the policy", rules: [], policies: "ACCEPT DROP", advert: OUT },
    { what: "to its multicast group", rules: ["-A INPUT -d 224.0.0.0/4 -j DROP"], advert: MULTICAST },
    { what: "in IPv6", rules: ["-A INPUT -s fe80::/10 -p vrrp -j DROP"], advert: IPV6 },
    {
      what: "as ufw has it",
      rules: [
        "-A INPUT -j before",
        "-A before -j not-local",
        "-A not-local -m addrtype --dst-type LOCAL -j RETURN",
        "-A not-local -j DROP",
      ],
      chains: ["before", "not-local"],
      policies: "DROP ACCEPT",
      by: "the policy of INPUT",
    },
  ])("$what", ({ rules, policies, chains, advert = IN, by }) => {
    const blocks = findBlocker(save(rules, policies, chains), advert);

    expect(blocks).toBeDefined();
    if (by !== undefined) expect(blocks).toBe(by);
  });
});

describe("nothing is reported", () => {
  it.each([
    { what: "where no rule is", rules: [] },
    { what: "where it is accepted before", rules: ["-A INPUT -p vrrp -j ACCEPT", "-A INPUT -j DROP"] },
    {
      what: "where its sender is accepted",
      rules: ["-A INPUT -s 198.51.100.0/24 -j ACCEPT"],
      policies: "DROP ACCEPT",
    },
    {
      what: "of rules for others",
      rules: ["-A INPUT -p tcp -j DROP", "-A INPUT -i eth1 -j DROP", "-A INPUT -s 203.0.113.0/24 -j DROP"],
    },
    { what: "of FORWARD", rules: ["-A FORWARD -j DROP"] },
    { what: "of rules for replies", rules: ["-A INPUT -m state --state ESTABLISHED -j DROP"] },
    { what: "of a rate", rules: ["-A INPUT -p vrrp -m limit --limit 3/min -j DROP"] },
    {
      what: "where a set may accept it",
      rules: ["-A INPUT -m set --match-set ours src -j ACCEPT"],
      policies: "DROP ACCEPT",
    },
    { what: "where a mark may", rules: ["-A INPUT -m mark --mark 0x1 -j ACCEPT", "-A INPUT -j DROP"] },
    {
      what: "where a program decides",
      rules: ["-A INPUT -j NFQUEUE --queue-num 0"],
      policies: "DROP ACCEPT",
    },
    { what: "of an unknown target", rules: ["-A INPUT -j NEWTHING"], policies: "DROP ACCEPT" },
    { what: "where a rule cannot be read", rules: ["-A INPUT ???"], policies: "DROP ACCEPT" },
    {
      what: "where a chain may come back",
      rules: ["-A INPUT -j FW", "-A FW -m mark --mark 0x1 -j RETURN", "-A FW -j DROP"],
      chains: ["FW"],
    },
    { what: "of a chain that leads to itself", rules: ["-A INPUT -j FW", "-A FW -j FW"], chains: ["FW"] },
    { what: "of a mask with gaps", rules: ["-A INPUT -s 198.51.0.12/255.255.0.255 -j DROP"] },
    { what: "of senders of multicast", rules: ["-A INPUT -s 198.51.100.12/32 -j DROP"], advert: MULTICAST },
    {
      what: "on the way out of rules for the way in",
      rules: ["-A INPUT -j DROP", "-A OUTPUT -i eth0 -j DROP"],
      advert: OUT,
    },
  ])("$what", ({ rules, policies, chains, advert = IN }) => {
    expect(findBlocker(save(rules, policies, chains), advert)).toBeUndefined();
  });

  it.each([
    "",
    "*filter\n:INPUT DROP [0:0]\n",
    "# Table `filter' is incompatible, use 'nft' tool.\n",
    save([]).replace("filter", "nat"),
  ])("of a text that is not a save: %j", (text) => expect(findBlocker(text, IN)).toBeUndefined());

  it("of a policy that stands in a comment", () => {
    const rule = '-A INPUT -m comment --comment "\n:INPUT DROP [0:0]\n" -j LOG';

    expect(findBlocker(save([rule]), IN)).toBeUndefined();
  });
});

it("ends for any jumps between chains, and never reports a drop after a rule that accepts everything", () => {
  const names = ["INPUT", "A", "B", "C"];
  const target = fc.constantFrom("A", "B", "C", "DROP", "RETURN", "LOG");
  const match = fc.constantFrom("", "-p vrrp ", "-p tcp ", "-m mark --mark 0x1 ");
  const rule = fc
    .tuple(fc.constantFrom(...names), match, fc.constantFrom("-j", "-g"), target)
    .map(([chain, when, how, to]) => `-A ${chain} ${when}${/^[ABC]$/.test(to) ? how : "-j"} ${to}`);
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 30 }),
      fc.constantFrom("DROP ACCEPT", "ACCEPT ACCEPT"),
      (rules, policies) => {
        const chains = ["A", "B", "C"];
        const isDropped = findBlocker(save(rules, policies, chains), IN) !== undefined;
        const hasDrop = policies.startsWith("DROP") || rules.some((text) => text.endsWith("DROP"));
        const withAccept = findBlocker(save(["-A INPUT -j ACCEPT", ...rules], policies, chains), IN);

        expect(withAccept).toBeUndefined();
        if (isDropped) expect(hasDrop).toBe(true);
      },
    ),
  );
});
