/**
 * Base chains of nft's own, beside those of iptables, where a client's packet meets them. They belong to firewalld, or
 * were made by `nft add chain ip nat other '{ type nat hook prerouting ... }'`.
 * - Before the nat hook they may mark packets or drop them.
 * - In the nat hook of incoming packets, a packet that they translate first stays translated.
 * - In the forward hook, a packet that one of them drops is dropped.
 */
import * as v from "valibot";
import type { Family } from "../network/address.ts";
import { linesOfNftRule } from "./nft-rule-lines.ts";
import type { NftRuleset, NftStatement } from "./nft-ruleset.ts";

/** Where the chain is found by nft. */
export interface BaseChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly policy: "ACCEPT" | "DROP";
  readonly priority: number;
}

/** Where packets meet base chains. `before-nat` is the way up to the nat hook. */
export type Hook = "prerouting" | "before-nat" | "forward";

/** What base chains are there, and which ones iptables has. */
const HOOKS = {
  prerouting: { type: "nat", hook: "prerouting", tables: ["nat"], chain: "PREROUTING" },
  "before-nat": { type: "filter", hook: "prerouting", tables: ["raw", "mangle"], chain: "PREROUTING" },
  forward: { type: "filter", hook: "forward", tables: ["filter"], chain: "FORWARD" },
} as const satisfies Record<Hook, { type: string; hook: string; tables: readonly string[]; chain: string }>;

/** iptables hooks its nat tables in here. Chains behind it meet nothing that Rancher's chain translates. */
const IPTABLES_PRIORITY = -100;
/** Connection tracking has this priority. */
const TRACKING_PRIORITY = -200;
/** The families of nft whose chains packets of the family meet. */
const FAMILIES: Readonly<Record<Family, readonly string[]>> = { ipv4: ["ip", "inet"], ipv6: ["ip6", "inet"] };

const chainsListing = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    nftables: v.array(
      v.object({
        chain: v.optional(
          v.object({
            family: v.string(),
            table: v.string(),
            name: v.string(),
            type: v.optional(v.string()),
            hook: v.optional(v.string()),
            prio: v.optional(v.number()),
            policy: v.optional(v.string()),
          }),
        ),
      }),
    ),
  }),
);

/** The agent's own tables begin with this: that of the gate, of its tag, of adverts. Their rules touch no client's packet. */
const OWN_TABLES = "rancher_keepalived_";

/** Without those of iptables and of the agent. @param json what `nft -j list chains` prints. Undefined for any other text. */
export function foreignBaseChains(json: string, family: Family, where: Hook): BaseChain[] | undefined {
  const found = baseChains(json, family, where);
  return found?.filter((chain) => !isOfIptables(chain, where) && !chain.table.startsWith(OWN_TABLES));
}

/** The tables of iptables there. Those without a base chain are empty. */
export function iptablesTablesAt(json: string, family: Family, where: Hook): string[] {
  const found = baseChains(json, family, where) ?? [];
  return found.filter((chain) => isOfIptables(chain, where)).map(({ table }) => table);
}

/** Whether the table has a chain, of whatever kind. Undefined for any other text. */
export function hasChains(json: string, family: Family, table: string): boolean | undefined {
  const parsed = v.safeParse(chainsListing, json, { abortEarly: true });
  const nftFamily = family === "ipv4" ? "ip" : "ip6";
  return parsed.success
    ? parsed.output.nftables.some(({ chain }) => chain?.family === nftFamily && chain.table === table)
    : undefined;
}

function isOfIptables({ family, table, name }: BaseChain, where: Hook): boolean {
  const { tables, chain } = HOOKS[where];
  return family !== "inet" && name === chain && tables.some((own) => own === table);
}

function baseChains(json: string, family: Family, where: Hook): BaseChain[] | undefined {
  const parsed = v.safeParse(chainsListing, json, { abortEarly: true });
  if (!parsed.success) return undefined;
  const { type, hook } = HOOKS[where];
  return parsed.output.nftables.flatMap(({ chain }) => {
    if (chain?.type !== type || chain.hook !== hook || !FAMILIES[family].includes(chain.family)) return [];
    const { prio: priority = 0, table, name } = chain;
    if (where === "prerouting" && priority > IPTABLES_PRIORITY) return [];
    if (where === "before-nat" && priority >= IPTABLES_PRIORITY) return [];
    const policy = chain.policy === "drop" ? "DROP" : "ACCEPT";
    return [{ family: chain.family, table, name, policy, priority }];
  });
}

/** The table of iptables like which packets meet the base chain. */
export function earlierNameOf({ priority }: BaseChain): "raw" | "mangle" {
  return priority < TRACKING_PRIORITY ? "raw" : "mangle";
}

/** The chains that packets meet from the base chain on, as a save. Their names tell the table: `inet/firewalld/nat_PRE`. */
export function saveOfBaseChain(base: BaseChain, ruleset: NftRuleset, hook: Hook): string {
  const { family, table, name, policy } = base;
  const isOfBothFamilies = family === "inet";
  const nameOf = (chain: string) => `${family}/${table}/${chain}`;
  const lines: string[] = [];
  const names = new Set([name]);
  for (const chain of names) {
    for (const [index, rule] of (ruleset.chains.get(chain) ?? []).entries()) {
      for (const target of jumpsOf(rule)) names.add(target);
      lines.push(...linesOfNftRule(nameOf(chain), renameJumps(rule, nameOf), { index, isOfBothFamilies }));
    }
  }
  const own = {
    chain: HOOKS[hook].chain,
    table: hook === "before-nat" ? earlierNameOf(base) : HOOKS[hook].tables[0],
  };
  const chains = [...names].map((chain) => `:${nameOf(chain)} - [0:0]`);
  const entry = `-A ${own.chain} -j ${nameOf(name)}`;
  return [`*${own.table}`, `:${own.chain} ${policy} [0:0]`, ...chains, entry, ...lines, "COMMIT", ""].join(
    "\n",
  );
}

const JUMP = /"(jump|goto)":\{"target":"([^"\\]*)"\}/g;

function jumpsOf(rule: readonly NftStatement[]): string[] {
  return [...JSON.stringify(rule).matchAll(JUMP)].map(([, , target = ""]) => target);
}

function renameJumps(rule: readonly NftStatement[], nameOf: (chain: string) => string): NftStatement[] {
  const text = JSON.stringify(rule).replace(JUMP, (_, verb: string, target: string) => {
    return `"${verb}":${JSON.stringify({ target: nameOf(target) })}`;
  });
  return JSON.parse(text);
}
