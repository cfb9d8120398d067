/** Random nat tables: Rancher's chain with ports, and rules of other programs before, between, inside and behind. */
import fc from "fast-check";
import { CONTAINERS, OTHERS, RANCHERS_LOCAL_PORT, VIP } from "./kernel-lab.ts";
import { conditions, lastingConditions, type RuleProtocol } from "./random-conditions.ts";

/**
 * The chains, each with those that its rules may lead to. The kernel allows no loop. Only Rancher's chain leads to INSIDE, and
 * SHARED translates nothing, so that the place where a client arrives tells whether Rancher's chain sent it there.
 */
const LEADS_TO = {
  PREROUTING: ["FRONT", "BETWEEN", "SHARED"],
  FRONT: ["BETWEEN", "SHARED", "CATTLE_PREROUTING"],
  BETWEEN: ["SHARED", "CATTLE_PREROUTING"],
  CATTLE_PREROUTING: ["SHARED", "INSIDE"],
  SHARED: [],
  INSIDE: ["SHARED"],
} as const satisfies Record<string, readonly string[]>;
type ChainName = keyof typeof LEADS_TO;

/** What is in a table beside marks. A dropped client waits for its time-out. */
export interface RandomTablesOptions {
  readonly withDrops?: boolean;
}

const protocol = fc.constantFrom<RuleProtocol>(undefined, undefined, "tcp", "tcp", "udp");

/** Where rules of the chain send clients. A target with a port needs a protocol. */
function translations(chain: ChainName, of: RuleProtocol): string[] {
  if (chain === "SHARED") return [];
  const isRanchers = chain === "CATTLE_PREROUTING" || chain === "INSIDE";
  const hosts = isRanchers ? CONTAINERS : OTHERS;
  const dnats = hosts.flatMap((host) => (of === undefined ? [host] : [host, `${host}:9000`]));
  const redirects = isRanchers ? [`--to-ports ${RANCHERS_LOCAL_PORT}`] : ["", "--to-ports 8080"];
  return [
    ...dnats.map((to) => `-j DNAT --to-destination ${to}`),
    ...redirects.filter((to) => of !== undefined || to === "").map((to) => `-j REDIRECT ${to}`.trim()),
  ];
}

function targets(chain: ChainName, of: RuleProtocol): fc.Arbitrary<string> {
  const sends = translations(chain, of);
  const chains = LEADS_TO[chain].flatMap((name) => [`-j ${name}`, `-j ${name}`, `-g ${name}`]);
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("-j ACCEPT", "-j RETURN") },
    ...(sends.length === 0 ? [] : [{ weight: 3, arbitrary: fc.constantFrom(...sends) }]),
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        ...["0x1", "0x1/0x1", "0x4/0x6"].map((mark) => `-j MARK --set-xmark ${mark}`),
        ...["--and-mark 0xfe", "--or-mark 0x2", "--xor-mark 0x1"].map((change) => `-j MARK ${change}`),
        ...["--set-xmark 0x1", "--save-mark", "--restore-mark"].map((change) => `-j CONNMARK ${change}`),
        "-j CONNMARK --restore-mark --nfmask 0x3 --ctmask 0x1",
      ),
    },
    { weight: 1, arbitrary: fc.constantFrom("", "-j LOG", "-j NFLOG --nflog-prefix x") },
    ...(chains.length === 0 ? [] : [{ weight: 5, arbitrary: fc.constantFrom(...chains) }]),
  );
}

function foreignRule(uplink: string, chain: ChainName): fc.Arbitrary<string> {
  return protocol.chain((of) =>
    fc
      .tuple(conditions(uplink, of), targets(chain, of))
      .map(([match, target]) => ruleOf(chain, of === undefined ? "" : `-p ${of}`, match, target)),
  );
}

function foreignRules(uplink: string, chain: ChainName, maxLength: number): fc.Arbitrary<string[]> {
  return fc.array(foreignRule(uplink, chain), { maxLength });
}

/** Most often Rancher's own, else one with conditions of somebody's. */
function hook(uplink: string): fc.Arbitrary<string> {
  const own = fc.constant("-m addrtype --dst-type LOCAL");
  const match = fc.oneof(own, conditions(uplink, undefined));
  return match.map((text) => ruleOf("PREROUTING", text, "-j CATTLE_PREROUTING"));
}

/** A port that Rancher publishes, with the conditions that its versions write. */
function published(of: "tcp" | "udp", port: number): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom("", "", "! -i docker0", `-d ${VIP}`), fc.constantFrom(...CONTAINERS))
    .map(([match, host]) => {
      const to = `-j DNAT --to-destination ${host}:${port}`;
      return ruleOf("CATTLE_PREROUTING", match, `-p ${of} -m ${of} --dport ${port}`, to);
    });
}

/** The three ports that are asked for; each is published most often. */
export const QUESTIONS = [
  { protocol: "tcp", port: 80 },
  { protocol: "tcp", port: 443 },
  { protocol: "udp", port: 53 },
] as const;

const MARKS = ["--set-xmark 0x1", "--set-xmark 0x0/0x1", "--or-mark 0x2", "--xor-mark 0x1"];
const CONNECTION_MARKS = ["--set-xmark 0x1", "--save-mark", "--restore-mark"];

/** A rule of raw or mangle. What decides where packets go holds for all of a connection. */
function earlierRule(uplink: string, name: "raw" | "mangle", { withDrops = false }: RandomTablesOptions) {
  const marking = fc.constantFrom(
    ...MARKS.map((change) => `-j MARK ${change}`),
    ...CONNECTION_MARKS.map((change) => `-j CONNMARK ${change}`),
    "-j LOG",
  );
  const drops = ["-j DROP", ...(name === "raw" ? ["-j CT --notrack", "-j NOTRACK"] : [])];
  const turning = fc.constantFrom(
    "-j ACCEPT",
    "-j RETURN",
    "-j EARLY",
    "-g EARLY",
    ...(withDrops ? drops : []),
  );
  const chain = fc.constantFrom("PREROUTING", "PREROUTING", "EARLY");
  return protocol.chain((of) => {
    const rule = (match: fc.Arbitrary<string>, target: fc.Arbitrary<string>) =>
      fc.tuple(chain, match, target).map(([where, condition, to]) => {
        const isLoop = where === "EARLY" && to.endsWith("EARLY");
        return earlierLine(where, of, condition, isLoop ? "-j RETURN" : to);
      });
    return fc.oneof(
      { weight: 2, arbitrary: rule(conditions(uplink, of), marking) },
      { weight: 1, arbitrary: rule(lastingConditions(uplink, of), turning) },
    );
  });
}

function earlierLine(chain: string, of: RuleProtocol, match: string, target: string): string {
  return ["-A", chain, of === undefined ? "" : `-p ${of}`, match, target].filter(Boolean).join(" ");
}

function earlierTable(uplink: string, name: "raw" | "mangle", options: RandomTablesOptions) {
  const rules = fc.array(earlierRule(uplink, name, options), { minLength: 1, maxLength: 3 });
  const text = rules.map((lines) =>
    [`*${name}`, ":PREROUTING ACCEPT [0:0]", ":EARLY - [0:0]", ...lines, "COMMIT", ""].join("\n"),
  );
  return fc.option(text, { freq: 2, nil: "" });
}

/** The text of a nat table, for `iptables-restore`, and often of those before it. */
export function natTable(uplink: string, options: RandomTablesOptions = {}): fc.Arbitrary<string> {
  const few = (chain: ChainName, most: number) => foreignRules(uplink, chain, most);
  const ports = QUESTIONS.map((asked) =>
    fc.option(published(asked.protocol, asked.port), { freq: 6, nil: "" }),
  );
  return fc
    .record({
      front: few("PREROUTING", 2),
      hooks: fc.array(hook(uplink), { maxLength: 2, minLength: 1 }),
      behind: few("PREROUTING", 1),
      chains: fc.tuple(few("FRONT", 3), few("BETWEEN", 2), few("SHARED", 2), few("INSIDE", 2)),
      inside: few("CATTLE_PREROUTING", 1),
      ports: fc.tuple(...ports),
      earlier: fc.tuple(earlierTable(uplink, "raw", options), earlierTable(uplink, "mangle", options)),
    })
    .map(({ front, hooks, behind, chains, inside, ports: rules, earlier }) => {
      const names = Object.keys(LEADS_TO).map(
        (name) => `:${name} ${name === "PREROUTING" ? "ACCEPT" : "-"} [0:0]`,
      );
      const all = [...front, ...hooks, ...behind, ...chains.flat(), ...inside, ...rules.filter(Boolean)];
      return [...earlier, ["*nat", ...names, ...all, "COMMIT", ""].join("\n")].join("");
    });
}

function ruleOf(chain: ChainName, ...parts: readonly string[]): string {
  return ["-A", chain, ...parts.filter(Boolean)].join(" ");
}
