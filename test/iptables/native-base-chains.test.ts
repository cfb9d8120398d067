import { expect, it } from "vitest";
import { GATE_FAMILIES, gateText } from "../../src/gate/tables.ts";
import { foreignBaseChains, hasChains, saveOfBaseChain } from "../../src/iptables/native-base-chains.ts";
import { releaseTableCommand, releaseTableName } from "../../src/owner-probe/release-table.ts";
import { nftText } from "../../src/sending/notrack-text.ts";

const chain = (family: string, table: string, name: string, rest: object = {}) => ({
  chain: { family, table, name, handle: 1, ...rest },
});
const NAT = { type: "nat", hook: "prerouting", prio: -100, policy: "accept" };
const FORWARD = { type: "filter", hook: "forward", prio: 0, policy: "drop" };
const LISTING = JSON.stringify({
  nftables: [
    { metainfo: { version: "1.0.6" } },
    chain("ip", "nat", "PREROUTING", NAT),
    chain("ip", "nat", "other", NAT),
    chain("inet", "firewalld", "nat_PREROUTING", { ...NAT, prio: -110 }),
    chain("inet", "late", "pre", { ...NAT, prio: -90 }),
    chain("ip6", "own", "pre", NAT),
    chain("inet", "firewalld", "nat_PRE_public"),
    chain("ip", "filter", "FORWARD", FORWARD),
    chain("inet", "firewalld", "filter_FORWARD", FORWARD),
  ],
});
const found = (...args: Parameters<typeof foreignBaseChains>) =>
  foreignBaseChains(...args)?.map(({ family, table, name }) => `${family} ${table} ${name}`);

it("finds the base chains that packets of a family meet before iptables' own, or beside it", () => {
  const firewalld = "inet firewalld nat_PREROUTING";
  expect(found(LISTING, "ipv4", "prerouting")).toEqual(["ip nat other", firewalld]);
  expect(found(LISTING, "ipv6", "prerouting")).toEqual([firewalld, "ip6 own pre"]);
  expect(found(LISTING, "ipv4", "forward")).toEqual(["inet firewalld filter_FORWARD"]);
  expect(found("{}", "ipv4", "forward")).toBeUndefined();
  expect(found("", "ipv4", "forward")).toBeUndefined();
});

it("tells whether a table of iptables has chains", () => {
  const listing = JSON.stringify({ nftables: [chain("ip", "filter", "web"), chain("inet", "nat", "pre")] });
  const tables = (family: "ipv4" | "ipv6") =>
    ["filter", "nat"].map((name) => hasChains(listing, family, name));

  expect(tables("ipv4")).toEqual([true, false]);
  expect(tables("ipv6")).toEqual([false, false]);
  expect(hasChains('{"nftables":[{"metainfo":{}}]}', "ipv4", "filter")).toBe(false);
  expect(hasChains("", "ipv4", "filter")).toBeUndefined();
});

it("does not take the agent's own tables for those of others", () => {
  const before = { type: "filter", hook: "prerouting", prio: -410, policy: "accept" };
  const own = [
    nftText([51]),
    gateText(new Set(["198.51.100.50"]), GATE_FAMILIES),
    releaseTableCommand(releaseTableName("a1")),
  ]
    .join("\n")
    .matchAll(/^(?:add )?table \S+ (\S+)/gm);
  const names = [...new Set([...own].map(([, name = ""]) => name))];
  const tables = [...names, "rancher_other"].map((name) => chain("inet", name, "pre", before));
  const listing = JSON.stringify({ nftables: tables });

  expect(names.length).toBe(3);
  expect(found(listing, "ipv4", "before-nat")).toEqual(["inet rancher_other pre"]);
});

it("writes the chains from a base chain on, with names that tell the table", () => {
  const base = { family: "inet", table: "own", name: "pre", policy: "DROP", priority: 0 } as const;
  const chains = new Map([
    ["pre", [[{ goto: { target: "away" } }]]],
    ["away", [[{ accept: null }]]],
    ["unused", [[{ drop: null }]]],
  ]);

  expect(saveOfBaseChain(base, { chains, dropping: new Set() }, "forward")).toBe(
    "*filter\n:FORWARD DROP [0:0]\n:inet/own/pre - [0:0]\n:inet/own/away - [0:0]\n-A FORWARD -j inet/own/pre\n" +
      "-A inet/own/pre -g inet/own/away\n-A inet/own/away -j ACCEPT\nCOMMIT\n",
  );
});
