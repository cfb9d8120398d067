import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRule, parseRule, type Rule, type RuleOption } from "../../src/iptables/rule.ts";
import {
  type Chain,
  formatNatTable,
  parseTable,
  type RulesOfTable,
  type Table,
} from "../../src/iptables/table.ts";
import { judgePort } from "../../src/ports/published-port.ts";
import { HOOK, saveOf } from "../fixtures/nat-saves.ts";
import { P80 } from "../ports/foreign-rules.ts";

function chainsOf(text: string): Table["chains"] {
  const table = parseTable(text, "nat");
  if (!("chains" in table)) throw new Error(table.problem);
  return table.chains;
}

const targetsOf = (chain: Chain | undefined) => chain?.rules.map(({ target }) => target?.name);

const option = (name: string, ...values: string[]): RuleOption => ({ name, isNegated: false, values });
const negated = (name: string, ...values: string[]): RuleOption => ({ name, isNegated: true, values });

describe("parseRule", () => {
  it("keeps options, matches and target apart", () => {
    const line =
      "-A CATTLE_PREROUTING -d 192.0.2.1/32 ! -i docker0 -p tcp -m tcp --dport 80 " +
      "-m addrtype ! --src-type LOCAL -j DNAT --to-destination 10.42.1.2:80 --random";

    expect(parseRule(line)).toEqual({
      chain: "CATTLE_PREROUTING",
      options: [option("-d", "192.0.2.1/32"), negated("-i", "docker0"), option("-p", "tcp")],
      matches: [
        { module: "tcp", options: [option("--dport", "80")] },
        { module: "addrtype", options: [negated("--src-type", "LOCAL")] },
      ],
      target: {
        name: "DNAT",
        isGoto: false,
        options: [option("--to-destination", "10.42.1.2:80"), option("--random")],
      },
    });
    expect(formatRule(parseRule(line)!)).toBe(line);
  });

  it.each([
    { written: String.raw`"say \"hi\" it\'s \\ -j DNAT"`, comment: String.raw`say "hi" it's \ -j DNAT` },
    { written: "--dport", comment: "--dport" },
    { written: '"-j"', comment: "-j" },
    { written: '""', comment: "" },
    { written: '"!"', comment: "!" },
    { written: '"two\nlines"', comment: "two\nlines" },
  ])("reads the comment $written", ({ written, comment }) => {
    const rule = parseRule(`-A X -p tcp -m comment --comment ${written} -j RETURN`);

    expect(rule?.matches).toEqual([{ module: "comment", options: [option("--comment", comment)] }]);
    expect(rule?.target?.name).toBe("RETURN");
  });

  it.each([
    { what: "with counters", line: "[12:720] -A X -p tcp -j ACCEPT" },
    { what: "in long options", line: "--append X --protocol tcp --jump ACCEPT" },
    { what: "with a carriage return", line: "-A X -p tcp -j ACCEPT\r" },
    { what: "with the target first", line: "-A X -j ACCEPT -p tcp" },
  ])("reads a rule $what", ({ line }) => {
    expect(parseRule(line)).toEqual(parseRule("-A X -p tcp -j ACCEPT"));
  });

  it("knows a goto from a jump", () => {
    expect(parseRule("-A X -g Y")?.target).toEqual({ name: "Y", isGoto: true, options: [] });
  });

  it.each([
    "-A",
    "! -A X -j ACCEPT",
    "-N X",
    "-A X stray -j ACCEPT",
    "-A X -j ACCEPT -j DROP",
    "-A X -j",
    "-A X ! -j ACCEPT",
    "-A X -m tcp stray --dport 80",
    "-A X -p tcp !",
    "-A X ! ! -p tcp",
    '-A X -m comment --comment "never closed',
    "-A X -m comment --comment",
  ])("does not read %s", (line) => {
    expect(parseRule(line)).toBeUndefined();
  });
});

describe("parseTable", () => {
  it("reads the nat table of a save of several tables", () => {
    const filter = "*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -j DROP\nCOMMIT\n";
    const text = `# Warning\n${filter}${saveOf(["-A PREROUTING -j CATTLE_PREROUTING"])}${filter}`;

    const chains = chainsOf(text);

    expect([...chains.keys()]).toEqual(["PREROUTING", "CATTLE_PREROUTING"]);
    expect(targetsOf(chains.get("PREROUTING"))).toEqual(["CATTLE_PREROUTING"]);
    expect(chains.get("CATTLE_PREROUTING")).toMatchObject({ rules: [], size: 0, unreadable: 0 });
  });

  it("keeps and counts what should be a rule and is none", () => {
    const chains = chainsOf(
      saveOf([
        '-A CATTLE_PREROUTING -m comment --comment "never closed -j ACCEPT',
        "-A CATTLE_PREROUTING -p tcp ! stray -j ACCEPT",
        '-A CATTLE_PREROUTING -m comment --comment "closed" -j RETURN',
      ]),
    );

    expect(chains.get("CATTLE_PREROUTING")?.unreadable).toBe(2);
    expect(chains.get("CATTLE_PREROUTING")?.rules).toMatchObject([
      { chain: "CATTLE_PREROUTING", unread: expect.stringContaining("never closed") },
      { options: [{ name: "-p", values: ["tcp"] }], unread: expect.stringContaining("stray") },
      { target: { name: "RETURN" } },
    ]);
  });

  it("takes no line of a comment for a rule", () => {
    const comment = '"first\n-A CATTLE_PREROUTING -p tcp -j DNAT --to-destination 10.42.1.1:80\nlast"';

    const chains = chainsOf(saveOf([`-A CATTLE_PREROUTING -m comment --comment ${comment} -j RETURN`]));

    expect(targetsOf(chains.get("CATTLE_PREROUTING"))).toEqual(["RETURN"]);
  });

  it.each([
    { what: "nothing", text: "", problem: "truncated" },
    { what: "a save cut short", text: saveOf([]).replace("COMMIT\n", ""), problem: "truncated" },
    { what: "another table", text: "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", problem: "truncated" },
    {
      what: "what iptables-nft says of expressions that it does not know",
      text: "# Table `nat' is incompatible, use 'nft' tool.\n",
      problem: "table-incompatible",
    },
    {
      what: "an incompatible table of another name",
      text: "# Table `filter' is incompatible, use 'nft' tool.\n",
      problem: "truncated",
    },
  ])("finds no table in $what", ({ text, problem }) => {
    expect(parseTable(text, "nat")).toEqual({ problem });
  });

  it("reads ten thousand rules, and what it formats, the same", () => {
    const rules = Array.from(
      { length: 10_000 },
      (_, i) => `-A CATTLE_PREROUTING -p tcp -m tcp --dport ${i} -j DNAT --to-destination 10.42.1.1:${i}`,
    );

    const chains = chainsOf(saveOf(rules));

    expect(chains.get("CATTLE_PREROUTING")?.rules.map(formatRule)).toEqual(rules);
    const again = chainsOf(formatNatTable({ chains }));
    expect([...again].map(([name, { rules }]) => [name, rules])).toEqual(
      [...chains].map(([name, { rules }]) => [name, rules]),
    );
  });
});

const NAME = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,20}$/);
const VALUE = fc.oneof(fc.stringMatching(/^[ -~]{0,40}$/), fc.string({ unit: "binary" }), fc.ipV4());
const OPTION = fc.record({
  name: NAME.map((name) => `--x${name}`),
  isNegated: fc.boolean(),
  values: fc.array(VALUE, { maxLength: 3 }),
});
const BASIC_OPTION = fc.record({
  name: fc.constantFrom("-s", "-d", "-i", "-o", "-p", "-f"),
  isNegated: fc.boolean(),
  values: fc.array(VALUE, { maxLength: 2 }),
});
const COMMENT = fc.record({
  module: fc.constant("comment"),
  options: VALUE.map((text) => [option("--comment", text)]),
});
const MATCH = fc.oneof(COMMENT, fc.record({ module: NAME, options: fc.array(OPTION, { maxLength: 3 }) }));
const TARGET = fc.record({ name: NAME, isGoto: fc.boolean(), options: fc.array(OPTION, { maxLength: 3 }) });
const RULE: fc.Arbitrary<Omit<Rule, "chain">> = fc.record({
  options: fc.array(BASIC_OPTION, { maxLength: 4 }),
  matches: fc.array(MATCH, { maxLength: 3 }),
  target: fc.option(TARGET, { nil: undefined }),
});
const TABLE: fc.Arbitrary<RulesOfTable> = fc
  .dictionary(NAME, fc.array(RULE, { maxLength: 4 }), { noNullPrototype: true, maxKeys: 4 })
  .map((byChain) => ({
    chains: new Map(
      Object.entries(byChain).map(([chain, rules]) => [
        chain,
        { rules: rules.map((rule) => ({ chain, ...rule })) },
      ]),
    ),
  }));

describe("the rules for a port", () => {
  const FOR_ANOTHER = "-p tcp -m tcp --dport 81 -j ACCEPT";
  /** Rules that name another port by their text, and yet may be for this one. */
  const MAY_BE = [
    "-j ACCEPT",
    "-p tcp -m tcp --dport 80 -j ACCEPT",
    "-p tcp -m tcp --dport 0x50 -j ACCEPT",
    "-p tcp -m tcp ! --dport 81 -j ACCEPT",
    "-p tcp --dport ! 81 -j ACCEPT",
    "-p tcp -m tcp --dport 79:81 -j ACCEPT",
    "-p tcp -m multiport --dports 80,81 -j ACCEPT",
    '-m comment --comment "a --dport 81 b" -j ACCEPT',
    "-p tcp -j DNAT [unsupported revision] --dport 81",
  ];

  it("are all but those for one other port, in their order", () => {
    const lines = Array.from({ length: 50 }, (_, at) => [
      FOR_ANOTHER,
      MAY_BE[at % MAY_BE.length] ?? "",
    ]).flat();
    const chain = chainsOf(saveOf(lines.map((line) => `-A CATTLE_PREROUTING ${line}`))).get(
      "CATTLE_PREROUTING",
    );

    const rules = chain?.rulesForPort(80) ?? [];

    expect(rules).toEqual(chain?.rules.filter((rule) => !formatRule(rule).endsWith(FOR_ANOTHER)));
    expect(rules).toHaveLength(50);
    expect(chain?.rulesForPort(81)).toHaveLength(50 + 50 - 6); // not those for 80
  });

  it("are found among those for thousands of others", () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => P80.replace("--dport 80", `--dport ${at + 1}`));
    const table = { chains: chainsOf(saveOf([HOOK, ...lines])) };
    const rules = table.chains.get("CATTLE_PREROUTING")?.rulesForPort(80) ?? [];

    expect(rules.map(formatRule)).toEqual([P80]);
    expect(judgePort(table, { protocol: "tcp", port: 80, address: "192.168.10.100" }).verdict).toBe(
      "healthy",
    );
  });
});

describe("properties of the parser", () => {
  it("reads what formatNatTable writes", () => {
    fc.assert(
      fc.property(TABLE, (table) => {
        const chains = [...chainsOf(formatNatTable(table))].map(([name, { rules }]) => [name, { rules }]);

        expect(chains).toEqual([...table.chains]);
      }),
      { numRuns: 500 },
    );
  });

  it("never throws, and neither does the walk, whatever the text", () => {
    const word = fc.oneof(
      fc.constantFrom(
        "-j",
        "-g",
        "-m",
        "-p",
        "-d",
        "-s",
        "!",
        "tcp",
        "6",
        "0",
        "--dport",
        "--dports",
        "80:",
        ",",
      ),
      fc.constantFrom(
        "addrtype",
        "--dst-type",
        "LOCAL",
        "multiport",
        "--syn",
        "--tcp-flags",
        "1.2.3.4/99",
        '"',
      ),
      fc.constantFrom("PREROUTING", "CATTLE_PREROUTING", "DNAT", "REDIRECT", "RETURN", "--to-destination"),
      fc.string({ unit: "binary", maxLength: 8 }),
    );
    const line = fc
      .tuple(fc.constantFrom("PREROUTING", "CATTLE_PREROUTING", "X"), fc.array(word, { maxLength: 8 }))
      .map(([chain, words]) => ["-A", chain, ...words].join(" "));
    let readRules = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const table = parseTable(saveOf(["-A PREROUTING -j CATTLE_PREROUTING", ...lines]), "nat");
        if (!("chains" in table)) return;
        for (const address of ["192.168.10.100", "any", "no address"]) {
          judgePort(table, { protocol: "tcp", port: 80, address, interface: "eth0" });
        }
        for (const { rules } of table.chains.values()) readRules += rules.length;
      }),
      { numRuns: 1000 },
    );
    expect(readRules).toBeGreaterThan(1500); // else the property was about nothing
  });

  it("never throws on text that is no save at all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
        parseTable(text, "nat");
        parseTable(`*nat\n${text}\nCOMMIT\n`, "nat");
        parseRule(`-A X ${text}`);
      }),
    );
  });
});
