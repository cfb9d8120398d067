import { expect, it } from "vitest";
import type { FilterRead } from "../../src/iptables/table-read.ts";
import { deafnessOf } from "../../src/listening/deafness.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const PEERS = ["198.51.100.12", "198.51.100.13"];
const unicast = { source: "198.51.100.11", peers: PEERS, isAlone: false };
const nameOf = (address: string) => (address === "198.51.100.13" ? "node-3" : undefined);
const readOf = (rule: string): FilterRead => ({
  family: "ipv4",
  backend: "nft",
  read: { kind: "table", text: `*filter\n:INPUT ACCEPT [0:0]\n${rule}\nCOMMIT\n` },
});
const reasonOf = (rule: string, owner?: string, instance = { ...INSTANCE, unicast }) =>
  deafnessOf(instance, [readOf(rule)], { owner, nameOf });

it.each([
  {
    what: "the owner, where it drops all",
    rule: "-A INPUT -p vrrp -j DROP",
    owner: PEERS[1],
    from: "node-3 (198.51.100.13)",
  },
  {
    what: "any peer, where no owner is known",
    rule: "-A INPUT -p vrrp -j DROP",
    owner: undefined,
    from: PEERS[0],
  },
  {
    what: "the peer that is dropped",
    rule: "-A INPUT -s 198.51.100.12/32 -p vrrp -j DROP",
    owner: PEERS[1],
    from: PEERS[0],
  },
])("names $what", ({ rule, owner, from }) => {
  expect(reasonOf(rule, owner)).toBe(
    `protocol 112 from ${from} is dropped by the rule ${rule} (iptables of nft)`,
  );
});

it("names nobody where nothing is dropped, and all hosts with multicast", () => {
  expect(reasonOf("-A INPUT -p tcp -j DROP", PEERS[0])).toBeUndefined();
  expect(
    deafnessOf({ ...INSTANCE, unicast: undefined }, [readOf("-A INPUT -p vrrp -j DROP")], {
      owner: PEERS[0],
      nameOf,
    }),
  ).toMatch(/^protocol 112 from other hosts is dropped/);
});
