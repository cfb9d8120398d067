import { expect, it } from "vitest";
import { findForwardBlocker } from "../../src/iptables/filter-walk.ts";
import { doubtShortened } from "../../src/iptables/native-rules.ts";

const WEB = {
  protocol: "tcp",
  direction: "to-target",
  inInterface: "eth0",
  outInterface: "docker0",
  target: "10.42.1.2",
  targetPort: 80,
} as const;
const left = (field: string) => ({ payload: { protocol: "tcp", field } });
const match = (field: string, right: unknown) => ({ match: { op: "==", left: left(field), right } });
const DROP = { drop: null };

const saveOfRule = (rule: string) =>
  `*filter\n:FORWARD ACCEPT [0:0]\n[7:420] -A FORWARD ${rule}\n[1:60] -A FORWARD -j ACCEPT\nCOMMIT\n`;
const rulesetOf = (...expr: object[]) => {
  const rules = [expr, [{ accept: null }]] as Record<string, unknown>[][];
  return { chains: new Map([["FORWARD", rules]]), dropping: new Set<string>() };
};

// what iptables 1.8.9 makes of each
it.each([
  { rule: "-p tcp -j DROP", nft: match("dport", { set: [22, 23] }), isBlocked: false },
  { rule: "-p tcp -j DROP", nft: match("dport", "@closed"), isBlocked: false },
  { rule: "-p tcp -j DROP", nft: match("daddr", { range: ["10.0.0.1", "10.0.0.9"] }), isBlocked: false },
  { rule: "-p tcp -j DROP", nft: match("window", 5), isBlocked: false },
  {
    rule: "-p tcp -j DROP",
    nft: { match: { op: ">", left: { payload: { protocol: "ip", field: "daddr" } }, right: "10.0.0.1" } },
    isBlocked: false,
  },
  { rule: "-p tcp -m tcp --dport 1:100 -j DROP", nft: match("dport", { range: [1, 100] }), isBlocked: true },
  { rule: "-p tcp -m tcp --dport 80 -j DROP", nft: match("dport", 80), isBlocked: true },
])("$rule for $nft blocks: $isBlocked", ({ rule, nft, isBlocked }) => {
  const save = saveOfRule(rule);

  expect(findForwardBlocker(save, WEB)).toBeDefined();
  const completed = doubtShortened(save, rulesetOf(nft, DROP)) ?? "";
  expect(findForwardBlocker(completed, WEB) !== undefined).toBe(isBlocked);
});

it("says nothing of a table whose rules changed meanwhile", () => {
  const save = saveOfRule("-p tcp -j DROP");

  expect(
    doubtShortened(save, { chains: new Map([["FORWARD", [[DROP]]]]), dropping: new Set() }),
  ).toBeUndefined();
  expect(
    doubtShortened(save, { chains: new Map([["FORWARD", [[DROP], [DROP], [DROP]]]]), dropping: new Set() }),
  ).toBeUndefined();
  expect(doubtShortened(save, { chains: new Map(), dropping: new Set() })).toBeUndefined();
});
