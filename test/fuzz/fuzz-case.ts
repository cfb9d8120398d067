/**
 * One case: everything from outside that could reach keepalived.conf. It starts as a host that works, so that most
 * cases come to a text, and is then harmed in a few places.
 */
import fc from "fast-check";
import { ALL_ROWS } from "../../src/settings/table.ts";
import { hostileText, hugeText, kernelName, spoilt, WORDS } from "./hostile-text.ts";

/** All of it is data: it prints, and can be put into a test as it is. */
export interface FuzzCase {
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: unknown;
  readonly groups: readonly string[];
  /** As `ip -json address show` prints them. */
  readonly links: readonly Link[];
  readonly self: { readonly name: string; readonly hostname: string; readonly agentIp: string };
  readonly others: readonly { readonly name: string; readonly agentIp: string; readonly address?: string }[];
}

interface Link {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

/** Something put where it does not belong; `at` is a variable, a label, or a path in the metadata. */
interface Harm {
  readonly place: "environment" | "label" | "metadata";
  readonly at: string;
  readonly value: unknown;
}

const WORKING = {
  links: [
    { flags: ["LOOPBACK"], addr_info: [{ local: "127.0.0.1", prefixlen: 8 }] },
    {
      flags: [],
      addr_info: [
        { local: "198.51.100.11", prefixlen: 24 },
        { local: "2001:db8::11", prefixlen: 64 },
      ],
    },
    { flags: [], addr_info: [{ local: "203.0.113.11", prefixlen: 28 }] },
  ],
} as const;

/** Values that are right for a setting: alone, and each as what `spoilt` starts from. */
const RIGHT: Readonly<Record<string, readonly string[]>> = {
  VIRTUAL_IP: [
    "198.51.100.50/24,2001:db8::50",
    "2001:db8::50/64",
    "203.0.113.5 198.51.100.9/32",
    "::a:5/64,::b",
  ],
  VIRTUAL_MASK: ["24", "64", "0"],
  VRID: ["1", "255", "0x10"],
  PRIORITY: ["1", "254"],
  AUTH_PASS: ["s3cret", "pa s#1", "a'b{c}"],
  VRRP_VERSION: ["2", "3"],
  ADVERT_INTERVAL: ["0.05", "0.5", "2"],
  PREEMPT: ["true", "no"],
  PREEMPT_DELAY: ["0", "2.5", "1000"],
  UNICAST: ["false", "1"],
  UNICAST_SRC_IP: ["198.51.100.11", "2001:db8::11"],
  UNICAST_PEERS: [
    "198.51.100.21,198.51.100.22",
    "2001:db8::21",
    Array.from({ length: 200 }, (_, index) => `2001:db8::${index}`).join(),
  ],
  STATE_DIR: ["/run/a b", "/var/lib/x#y", `/${"x".repeat(1_000)}`],
};

const KEYS = ALL_ROWS.flatMap(({ label, metadata }) => [label, metadata]).filter((key) => key !== undefined);
const PATHS = [...KEYS, "instances", "instances.main", "instances.main.vrid", "main.priority", "check", ""];

function textFor(variable: string): fc.Arbitrary<string> {
  const right = fc.constantFrom(...(RIGHT[variable] ?? ["1"]));
  return fc.oneof(
    { weight: 60, arbitrary: right },
    { weight: 30, arbitrary: right.chain(spoilt) },
    { weight: 30, arbitrary: hostileText },
    { weight: 1, arbitrary: hugeText },
  );
}

const variables = ALL_ROWS.flatMap(({ variable }) => variable ?? []);
const harmToEnvironment = fc.constantFrom(...variables).chain((at) => harm("environment", at, textFor(at)));
const anyKey = fc.oneof(fc.constantFrom(...PATHS), hostileText, fc.constantFrom(...WORDS));
const harmToLabel = anyKey.chain((at) => harm("label", at, textForKey(at)));
const { document } = fc.letrec((tie) => ({
  document: fc.oneof(
    { depthSize: "small" },
    hostileText,
    fc.jsonValue({ maxDepth: 2 }),
    fc.dictionary(anyKey, tie("document"), { maxKeys: 3 }),
    fc.array(tie("document"), { maxLength: 3 }),
  ),
}));
const harmToMetadata = anyKey.chain((at) => harm("metadata", at, fc.oneof(textForKey(at), document)));

function textForKey(key: string): fc.Arbitrary<string> {
  return textFor(ALL_ROWS.find((row) => row.label === key || row.metadata === key)?.variable ?? "");
}

function harm(place: Harm["place"], at: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<Harm> {
  return value.map((it) => ({ place, at, value: it }));
}

const hostName = fc.oneof(fc.constant("node-2"), hostileText);
const agentIp = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("198.51.100.12", "198.51.100.13") },
  { weight: 1, arbitrary: fc.constantFrom("198.51.100.50", "198.51.100.11", "2001:db8::12") },
  { weight: 1, arbitrary: hostileText },
);
/** Without what verifyConf takes for an address, a list or a keyword of its own. */
const isGroupName = (name: string) => !/[/:,]|^(vrrp_strict|no_accept)$/.test(name);

const groupName = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/) },
  {
    weight: 2,
    arbitrary: fc.constantFrom("main", "include", "script", "interface", "constructor", "__proto__"),
  },
  { weight: 1, arbitrary: hostileText.filter(isGroupName) },
);

const password = fc
  .oneof(hostileText, fc.constantFrom(...WORDS), fc.string())
  .map((text) => text.slice(0, 8));

/** Names and passwords are hostile more often than not; settings are harmed in up to three places. */
export const fuzzCase: fc.Arbitrary<FuzzCase> = fc
  .record({
    vips: fc.oneof(fc.constant("198.51.100.50"), fc.constantFrom(...RIGHT["VIRTUAL_IP"]!)),
    names: fc.uniqueArray(kernelName, { minLength: 2, maxLength: 2 }),
    chosen: fc.option(fc.nat(1), { nil: undefined, freq: 2 }),
    pass: fc.option(password, { freq: 1 }),
    harms: fc.array(fc.oneof(harmToEnvironment, harmToLabel, harmToMetadata), { maxLength: 3 }),
    groups: fc.uniqueArray(groupName, { minLength: 1, maxLength: 3 }),
    selfName: hostName,
    others: fc.array(fc.record({ name: hostName, agentIp, address: fc.option(agentIp, { nil: "" }) }), {
      maxLength: 2,
    }),
  })
  .map(({ vips, names, chosen, pass, harms, groups, selfName, others }) => {
    const harmed = applyHarms(harms);
    const wanted = chosen === undefined ? {} : { INTERFACE: names[chosen]! };
    return {
      env: { VIRTUAL_IP: vips, ...wanted, ...(pass !== null && { AUTH_PASS: pass }), ...harmed.env },
      labels: harmed.labels,
      metadata: { keepalived: harmed.keepalived },
      groups,
      links: WORKING.links.map((link, index) => ({ ...link, ifname: ["lo", ...names][index]! })),
      self: { name: selfName, hostname: selfName, agentIp: "198.51.100.11" },
      others,
    };
  });

function applyHarms(harms: readonly Harm[]) {
  const of = (place: Harm["place"]) => harms.filter((it) => it.place === place);
  const entriesOf = (place: Harm["place"]) =>
    of(place).map(({ at, value }): [string, unknown] => [at, value]);
  const labels = entriesOf("label").map(([at, value]) => [`keepalived.${at}`, value]);
  return {
    env: Object.fromEntries(entriesOf("environment")) as Record<string, string>,
    labels: Object.fromEntries(labels) as Record<string, string>,
    // fromEntries makes `__proto__` a key like any other, as JSON.parse does
    keepalived: Object.fromEntries(entriesOf("metadata")),
  };
}
