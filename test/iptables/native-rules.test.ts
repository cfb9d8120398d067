import { describe, expect, it } from "vitest";
import {
  replacementsFor,
  replaceSuspects,
  saveOfRuleset,
  suspectLines,
} from "../../src/iptables/native-rules.ts";
import { linesOfNftRule } from "../../src/iptables/nft-rule-lines.ts";
import { type NftStatement, parseNftRuleset } from "../../src/iptables/nft-ruleset.ts";
import { HOOK, saveOf } from "../fixtures/nat-saves.ts";

const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
const meta = (key: string) => ({ meta: { key } });
const is = (left: object, right: unknown, op = "==") => ({ match: { op, left, right } });
/** A line that begins with `#` is one of a chain of the rule's own. */
const inPrerouting = (line: string) => `-A PREROUTING${line.startsWith("#") ? "" : " "}${line}`;
const ACCEPT = { accept: null };
const COUNTER = { counter: { packets: 0, bytes: 0 } };

describe("a rule of nft in lines of iptables", () => {
  const SADDR = payload("ip", "saddr");
  const DPORT = payload("tcp", "dport");
  it.each<{ rule: NftStatement[]; lines: string[] }>([
    { rule: [is(SADDR, "192.0.2.1"), COUNTER, ACCEPT], lines: ["-s 192.0.2.1 -j ACCEPT"] },
    {
      rule: [is(SADDR, { prefix: { addr: "10.0.0.0", len: 8 } }, "!="), { drop: null }],
      lines: ["! -s 10.0.0.0/8 -j DROP"],
    },
    {
      rule: [is(SADDR, { range: ["10.0.0.3", "10.0.0.9"] }), { return: null }],
      lines: ["-m iprange --src-range 10.0.0.3-10.0.0.9 -j RETURN"],
    },
    {
      rule: [is(SADDR, { set: ["192.0.2.1", { prefix: { addr: "10.0.0.0", len: 8 } }] }), ACCEPT],
      lines: ["-s 192.0.2.1 -j ACCEPT", "-s 10.0.0.0/8 -j ACCEPT"],
    },
    {
      rule: [is(SADDR, { set: ["192.0.2.1", "192.0.2.2"] }, "!="), ACCEPT],
      lines: ["! -s 192.0.2.1 ! -s 192.0.2.2 -j ACCEPT"],
    },
    { rule: [is(SADDR, "@office"), ACCEPT], lines: ["-m set --match-set office src -j ACCEPT"] },
    { rule: [is(SADDR, "@office", "!="), ACCEPT], lines: ["-m set ! --match-set office src -j ACCEPT"] },
    { rule: [is(payload("ip", "daddr"), "192.0.2.7"), ACCEPT], lines: ["-d 192.0.2.7 -j ACCEPT"] },
    { rule: [is(DPORT, 80), ACCEPT], lines: ["-p tcp -m multiport --dports 80 -j ACCEPT"] },
    {
      rule: [is(DPORT, { set: [80, { range: [8000, 8010] }] }, "!="), ACCEPT],
      lines: ["-p tcp -m multiport ! --dports 80,8000:8010 -j ACCEPT"],
    },
    {
      rule: [is(meta("l4proto"), { set: ["tcp", "udp"] }), is(payload("th", "dport"), 53), ACCEPT],
      lines: ["-p tcp -m multiport --dports 53 -j ACCEPT", "-p udp -m multiport --dports 53 -j ACCEPT"],
    },
    { rule: [is(meta("iifname"), "eth*"), { jump: { target: "X" } }], lines: ["-i eth+ -j X"] },
    { rule: [is(meta("iif"), "lo", "!="), { goto: { target: "X" } }], lines: ["! -i lo -g X"] },
    {
      rule: [is({ ct: { key: "state" } }, ["established", "new"], "in"), ACCEPT],
      lines: ["-m conntrack --ctstate ESTABLISHED -j ACCEPT", "-m conntrack --ctstate NEW -j ACCEPT"],
    },
    {
      rule: [
        is({ fib: { result: "type", flags: ["daddr"] } }, "local"),
        is(DPORT, 80),
        { dnat: { addr: "10.0.0.1", port: 81 } },
      ],
      lines: [
        "-m addrtype --dst-type LOCAL -p tcp -m multiport --dports 80 -j DNAT --to-destination 10.0.0.1:81",
      ],
    },
    { rule: [{ dnat: { addr: "fd00::2", port: 80 } }], lines: ["-j DNAT --to-destination [fd00::2]:80"] },
    { rule: [{ redirect: { port: 8080 } }], lines: ["-j REDIRECT --to-ports 8080"] },
    { rule: [{ redirect: null }], lines: ["-j REDIRECT"] },
    {
      rule: [is({ "&": [meta("mark"), 255] }, 1), { mangle: { key: meta("mark"), value: 7 } }, ACCEPT],
      lines: ["-m mark --mark 1/255 -j PREROUTING#1", "#1 -j MARK --set-xmark 7/0xffffffff", "#1 -j ACCEPT"],
    },
    {
      rule: [
        {
          vmap: {
            key: DPORT,
            data: {
              set: [
                [80, ACCEPT],
                [81, { jump: { target: "X" } }],
              ],
            },
          },
        },
      ],
      lines: ["-p tcp -m multiport --dports 80 -j ACCEPT", "-p tcp -m multiport --dports 81 -j X"],
    },
    { rule: [is(DPORT, 80), COUNTER], lines: [] },
    {
      rule: [{ limit: { rate: 500, burst: 20, per: "second" } }, ACCEPT],
      lines: ["-m limit --limit 500/second -j ACCEPT"],
    },
  ])("is $lines", ({ rule, lines }) => {
    expect(linesOfNftRule("PREROUTING", rule)).toEqual(lines.map(inPrerouting));
  });

  const FLAGS = payload("tcp", "flags");
  const MSS = { "tcp option": { name: "maxseg", field: "size" } };
  const BOTH = { concat: [SADDR, DPORT] };
  const over = (rate: number) => ({ limit: { rate, burst: 5, per: "second", inv: true } });
  it.each<{ rule: NftStatement[]; line: string }>([
    {
      rule: [is({ "&": [FLAGS, ["fin", "syn"]] }, ["fin", "syn"])],
      line: "-m tcp --tcp-flags FIN,SYN FIN,SYN",
    },
    { rule: [is({ "&": [FLAGS, ["syn", "ack"]] }, "syn", "!=")], line: "-m tcp ! --tcp-flags SYN,ACK SYN" },
    { rule: [is(FLAGS, "syn", "in")], line: "-m tcp --tcp-flags SYN SYN" },
    { rule: [is(FLAGS, "syn", "!=")], line: "-m tcp ! --tcp-flags ALL SYN" },
    { rule: [is(FLAGS, ["fin", "syn"], "!")], line: "-m tcp --tcp-flags FIN,SYN NONE" },
    { rule: [is(MSS, { range: [1, 535] })], line: "-m tcpmss --mss 1:535" },
    { rule: [is(MSS, 536, "<")], line: "-m tcpmss --mss 0:535" },
    { rule: [is(DPORT, 1023, ">")], line: "-m multiport --dports 1024:65535" },
    { rule: [is(BOTH, "@bad")], line: "-m set --match-set bad src,dst" },
    {
      rule: [is(BOTH, { set: [{ concat: ["192.0.2.1", 80] }] })],
      line: "-s 192.0.2.1 -m multiport --dports 80",
    },
    {
      rule: [{ set: { op: "update", elem: BOTH, set: "@m", stmt: [over(9)] } }],
      line: "-m hashlimit --hashlimit-above 9/second --hashlimit-mode srcip --hashlimit-name m",
    },
    {
      rule: [{ meter: { key: BOTH, name: "m", stmt: { "ct count": { val: 9, inv: true } } } }],
      line: "-m connlimit --connlimit-above 9",
    },
  ])("says fields of TCP, entries of several fields and limits for each source: $line", ({ rule, line }) => {
    expect(linesOfNftRule("X", [...rule, ACCEPT])).toEqual([`-A X -p tcp ${line} -j ACCEPT`]);
  });

  const kept = (operator: string, mask: number, bits: number) => ({
    mangle: { key: meta("mark"), value: { [operator]: [{ "&": [meta("mark"), mask] }, bits] } },
  });
  it.each<{ rule: NftStatement[]; line: string }>([
    { rule: [{ set: { op: "add", elem: SADDR, set: "@seen" } }], line: "-j SET --add-set seen src" },
    {
      rule: [{ set: { op: "delete", elem: { elem: { val: SADDR, timeout: 9 } }, set: "@seen" } }],
      line: "-j SET --del-set seen src",
    },
    { rule: [kept("|", 0xff_ff_ff_00, 1)], line: "-j MARK --set-xmark 1/255" },
    { rule: [kept("^", 0xff_ff_ff_0f, 0x11)], line: "-j MARK --set-xmark 17/240" },
    {
      rule: [is({ "&": [{ ct: { key: "mark" } }, 255] }, 1), ACCEPT],
      line: "-m connmark --mark 1/255 -j ACCEPT",
    },
    { rule: [is(payload("ip", "daddr"), "@some"), ACCEPT], line: "-m set --match-set some dst -j ACCEPT" },
    {
      rule: [is({ "&": [payload("ip", "daddr"), "0.0.0.255"] }, "0.0.0.9"), ACCEPT],
      line: "-d 0.0.0.9/0.0.0.255 -j ACCEPT",
    },
    { rule: [{ "ct helper": "ftp" }, { last: null }, ACCEPT], line: "-j ACCEPT" },
  ])("says sets, parts of marks and parts of addresses: $line", ({ rule, line }) => {
    expect(linesOfNftRule("X", rule)).toEqual([`-A X ${line}`]);
  });

  it.each<{ rule: NftStatement[] }>([
    { rule: [{ limit: { rate: 5, per: "minute" } }, ACCEPT] },
    { rule: [{ limit: { rate: 5, per: "second", inv: true } }, ACCEPT] },
    { rule: [{ limit: { rate: 5, per: "second", rate_unit: "kbytes" } }, ACCEPT] },
    { rule: [is(meta("skuid"), 0), ACCEPT] },
    { rule: [is(payload("ip", "ttl"), 5, "<"), ACCEPT] },
    { rule: [is({ numgen: { mode: "inc", mod: 2, offset: 0 } }, 0), ACCEPT] },
    { rule: [{ "ct count": { val: 10, inv: true } }, ACCEPT] },
    { rule: [{ set: { op: "add", elem: payload("ip", "daddr"), set: "@m", stmt: [over(9)] } }, ACCEPT] },
    { rule: [is(payload("udp", "length"), 28), ACCEPT] },
    { rule: [is(payload("icmp", "type"), 8), ACCEPT] },
    { rule: [is({ "tcp option": { name: "sack-perm" } }, true), ACCEPT] },
  ])("that differs from client to client is undecided: $rule", ({ rule }) => {
    const [line] = linesOfNftRule("X", rule);
    expect(line).toMatch(/^-A X (?:-p \S+ )?-m nft --undecided .+ -j ACCEPT$/);
  });

  it.each<{ rule: NftStatement[]; says: RegExp }>([
    { rule: [is(meta("iifname"), "@wan"), ACCEPT], says: /^-A X -m nft --statement \S+ -j ACCEPT$/ },
    { rule: [is(meta("unheard"), 5), ACCEPT], says: /^-A X -m nft --statement \S+ -j ACCEPT$/ },
    { rule: [is(BOTH, "@some", "<"), ACCEPT], says: /-m nft --statement \S+ -j ACCEPT$/ },
    { rule: [is(DPORT, 80), { vmap: { key: SADDR, data: "@m" } }], says: /--dports 80 -j nft \[.*@m.*\]$/ },
    {
      rule: [{ dnat: { addr: { map: { key: DPORT, data: "@m" } } } }],
      says: /^-A X -p tcp -j nft \[\{dnat:.*\]$/,
    },
    { rule: [{ tproxy: { port: 3 } }], says: /^-A X -j nft \[/ },
    {
      rule: [{ xt: { type: "match", name: "time" } }, ACCEPT],
      says: /-m nft --statement \{xt:time\} -j ACCEPT/,
    },
  ])("that cannot be said is in doubt: $says", ({ rule, says }) => {
    expect(linesOfNftRule("X", rule)).toEqual([expect.stringMatching(says)]);
  });
});

describe("a rule of a table inet", () => {
  const SADDR = payload("ip6", "saddr");
  const TO = { family: "ip6", addr: "fd00::1" };
  it.each<{ rule: NftStatement[]; lines: string[] }>([
    { rule: [is(SADDR, "fd00::1"), ACCEPT], lines: ["-s fd00::1 -j ACCEPT"] },
    { rule: [is(SADDR, "fd00::1", "!="), ACCEPT], lines: ["-s ::/0 ! -s fd00::1 -j ACCEPT"] },
    { rule: [is(SADDR, "@s"), ACCEPT], lines: ["-s ::/0 -m set --match-set s src -j ACCEPT"] },
    { rule: [is(payload("ip6", "nexthdr"), "tcp"), ACCEPT], lines: ["-s ::/0 -p tcp -j ACCEPT"] },
    { rule: [is(meta("protocol"), "ip6"), ACCEPT], lines: ["-s ::/0 -j ACCEPT"] },
    { rule: [is(meta("protocol"), "ip", "!="), ACCEPT], lines: ["! -s 0.0.0.0/0 -j ACCEPT"] },
    { rule: [{ dnat: TO }], lines: ["-s ::/0 -j DNAT --to-destination fd00::1"] },
    {
      rule: [{ mangle: { key: payload("ip6", "hoplimit"), value: 5 } }, ACCEPT],
      lines: ["-s ::/0 -j ACCEPT"],
    },
    { rule: [{ reject: { type: "icmp" } }], lines: ["-s 0.0.0.0/0 -j REJECT"] },
    { rule: [{ reject: { type: "icmpx" } }], lines: ["-j REJECT"] },
  ])("has the family of its fields: $lines", ({ rule, lines }) => {
    const given = { isOfBothFamilies: true };
    expect(linesOfNftRule("PREROUTING", rule, given)).toEqual(lines.map(inPrerouting));
  });
});

describe("a rule that does several things", () => {
  const UNMARKED = is(meta("mark"), 0);
  const mark = (value: unknown) => ({ mangle: { key: meta("mark"), value } });
  const jump = (target: string) => ({ jump: { target } });
  const vmap = (...set: [unknown, object][]) => ({ vmap: { key: meta("mark"), data: { set } } });
  const ONCE = "-m mark --mark 0 -j PREROUTING#3";
  const MARKS = "#3 -j MARK --set-xmark 1/0xffffffff";
  it.each<{ rule: NftStatement[]; lines: string[] }>([
    { rule: [UNMARKED, mark(1), COUNTER, { log: null }, { drop: null }], lines: [ONCE, MARKS, "#3 -j DROP"] },
    { rule: [UNMARKED, mark(1), jump("X")], lines: [ONCE, MARKS, "#3 -j X"] },
    {
      rule: [UNMARKED, mark(1), { goto: { target: "X" } }],
      lines: [ONCE.replace("-j", "-g"), MARKS, "#3 -g X"],
    },
    { rule: [UNMARKED, mark(1), { return: null }], lines: [ONCE.replace("-j", "-g"), MARKS, "#3 -j RETURN"] },
    {
      rule: [UNMARKED, mark(1), is(payload("tcp", "dport"), 80), { drop: null }],
      lines: [ONCE, MARKS, "#3 -p tcp -m multiport --dports 80 -j DROP"],
    },
    // no later part of the rule changes what a port or an address is
    {
      rule: [is(payload("tcp", "dport"), 80), mark(1), ACCEPT],
      lines: [
        "-p tcp -m multiport --dports 80 -j MARK --set-xmark 1/0xffffffff",
        "-p tcp -m multiport --dports 80 -j ACCEPT",
      ],
    },
    {
      rule: [is(meta("mark"), { set: [0, 1] }), jump("X")],
      lines: [
        "-j PREROUTING#3",
        "#3 -m mark --mark 0 -g PREROUTING#3.2",
        "#3 -m mark --mark 1 -g PREROUTING#3.2",
        "#3.2 -j X",
      ],
    },
    {
      rule: [vmap([0, jump("X")], [1, jump("Y")], [2, { return: null }])],
      lines: [
        "-m mark --mark 2 -j RETURN",
        "-j PREROUTING#3",
        "#3 -m mark --mark 0 -g X",
        "#3 -m mark --mark 1 -g Y",
      ],
    },
  ])("asks its condition once: $lines", ({ rule, lines }) => {
    expect(linesOfNftRule("PREROUTING", rule, { index: 2 })).toEqual(lines.map(inPrerouting));
  });

  it.each<{ rule: NftStatement[]; lines: string[] }>([
    {
      rule: [UNMARKED, mark(1), is(payload("tcp", "dport"), 80), { return: null }],
      lines: ["#3 -p tcp -m multiport --dports 80 -j RETURN"],
    },
    {
      rule: [UNMARKED, mark(1), vmap([0, { return: null }], [1, jump("X")])],
      lines: ["#3 -m mark --mark 0 -j RETURN", "#3 -m mark --mark 1 -j X"],
    },
    // whoever does not meet the verdict comes to the next rule
    {
      rule: [UNMARKED, mark(1), vmap([0, { return: null }])],
      lines: ["#3 -m mark --mark 0 -j RETURN"],
    },
  ])("has a chain of its own from which a RETURN leaves the chain of the rule: $lines", ({ rule, lines }) => {
    const all = [`${ONCE} --part-of-rule`, MARKS, ...lines];
    expect(linesOfNftRule("PREROUTING", rule, { index: 2 })).toEqual(all.map(inPrerouting));
  });
});

const listingOf = (...rules: readonly { chain: string; expr: NftStatement[] }[]) => {
  const chains = ["PREROUTING", "CATTLE_PREROUTING"].map((name) => ({ chain: { name } }));
  const ruleset = parseNftRuleset(
    JSON.stringify({ nftables: [...chains, ...rules.map((rule) => ({ rule }))] }),
  );
  if (ruleset === undefined) throw new Error("not read");
  return ruleset;
};
const XT_HOOK: NftStatement[] = [
  { xt: { type: "match", name: "addrtype" } },
  COUNTER,
  { jump: { target: "CATTLE_PREROUTING" } },
];
const DNAT = "-A CATTLE_PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.1.2:80";
const BY_SET: NftStatement[] = [is(payload("ip", "saddr"), "@office"), ACCEPT];

describe("a save with native rules", () => {
  it("is suspect where a line may say less than its rule, and never because of Rancher's own", () => {
    const lines = [
      "-A PREROUTING -p tcp",
      "-A PREROUTING -j ACCEPT",
      "-A PREROUTING -i eth0 -j CATTLE_PREROUTING",
    ];

    expect(suspectLines(saveOf([HOOK, DNAT]))).toEqual([]);
    expect(suspectLines(saveOf([...lines, HOOK, DNAT, "-A OUTPUT -j ACCEPT"]))).toEqual(lines);
  });

  it("gets the rule of nft for a line that is short of a set, and keeps every other", () => {
    const save = saveOf(["-A PREROUTING -j ACCEPT", "-A PREROUTING -i lo -j ACCEPT", HOOK, DNAT]);
    const ruleset = listingOf(
      { chain: "PREROUTING", expr: BY_SET },
      { chain: "PREROUTING", expr: [is(meta("iifname"), "lo"), ACCEPT] },
      { chain: "PREROUTING", expr: XT_HOOK },
      { chain: "CATTLE_PREROUTING", expr: [{ xt: { type: "target", name: "DNAT" } }] },
    );
    const replacements = replacementsFor(save, ruleset);

    expect(replaceSuspects(save, replacements ?? [])).toBe(
      save.replace("-A PREROUTING -j ACCEPT", "-A PREROUTING -m set --match-set office src -j ACCEPT"),
    );
  });

  it("gets the rule of nft for a line that is short of a condition", () => {
    const save = saveOf(["-A PREROUTING -p tcp -j ACCEPT"]);
    const ruleset = listingOf({ chain: "PREROUTING", expr: [is(payload("tcp", "window"), 5), ACCEPT] });

    expect(replacementsFor(save, ruleset)).toEqual([
      [expect.stringMatching(/^-A PREROUTING -p tcp -m nft --undecided \S+ -j ACCEPT$/)],
    ]);
  });

  it("is not put together with another set of rules", () => {
    const save = saveOf(["-A PREROUTING -j ACCEPT", HOOK]);

    expect(replacementsFor(save, listingOf({ chain: "PREROUTING", expr: BY_SET }))).toBeUndefined();
    expect(
      replacementsFor(
        saveOf([HOOK]),
        listingOf({ chain: "PREROUTING", expr: BY_SET }, { chain: "PREROUTING", expr: XT_HOOK }),
      ),
    ).toBeUndefined();
  });
});

it("a table that iptables cannot save has its chains from iptables where it can list them, else from nft", () => {
  const ruleset = listingOf(
    {
      chain: "PREROUTING",
      expr: [is(payload("tcp", "dport"), 80), { dnat: { addr: "10.0.0.1", port: 80 } }],
    },
    { chain: "PREROUTING", expr: XT_HOOK },
    { chain: "CATTLE_PREROUTING", expr: [{ xt: { type: "target", name: "DNAT" } }] },
  );
  const nftText = [
    "table ip nat {",
    "\tchain PREROUTING {",
    "\t\ttype nat hook prerouting priority dstnat; policy accept;",
    "\t\ttcp dport 80 dnat to 10.0.0.1:80",
    "\t\tfib daddr type local counter packets 0 bytes 0 jump CATTLE_PREROUTING",
    "\t}",
    "}",
  ].join("\n");
  const listings = new Map([["CATTLE_PREROUTING", `-N CATTLE_PREROUTING\n${DNAT}\n`]]);

  expect(saveOfRuleset(ruleset, { listings, nftText }).split("\n")).toEqual([
    "*nat",
    ":PREROUTING - [0:0]",
    ":CATTLE_PREROUTING - [0:0]",
    "-A PREROUTING -p tcp -m multiport --dports 80 -j DNAT --to-destination 10.0.0.1:80",
    HOOK,
    DNAT,
    "COMMIT",
    "",
  ]);
  expect(saveOfRuleset(ruleset, { listings, nftText: "" })).toContain(
    "-A PREROUTING -m nft --statement {xt:addrtype} -j CATTLE",
  );
});

it("keeps the policy of a table that iptables cannot save", () => {
  const chain = { name: "PREROUTING", type: "filter", hook: "prerouting", prio: -300, policy: "drop" };
  const ruleset = parseNftRuleset(JSON.stringify({ nftables: [{ chain }, { chain: { name: "own" } }] }));
  if (ruleset === undefined) throw new Error("not read");

  const save = saveOfRuleset(ruleset, { listings: new Map(), nftText: "" }, "raw");
  expect(save).toBe("*raw\n:PREROUTING DROP [0:0]\n:own - [0:0]\nCOMMIT\n");
});

it.each(["", "{}", "[]", '{"nftables": 3}', '{"nftables": [{"rule": {"chain": 3}}]}'])(
  "reads nothing from %j",
  (text) => {
    expect(parseNftRuleset(text)).toBeUndefined();
  },
);
