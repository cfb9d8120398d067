/** One nat table as `nft -j list table` prints it: its chains, and the parts of each rule. */
import * as v from "valibot";

/** One part of a rule: `{"match": {...}}`, `{"accept": null}`. */
export type NftStatement = Readonly<Record<string, unknown>>;

export interface NftRuleset {
  /** The rules of each chain, in the order in which packets meet them. */
  readonly chains: ReadonlyMap<string, readonly (readonly NftStatement[])[]>;
  /** The base chains with the policy `drop`. */
  readonly dropping: ReadonlySet<string>;
}

const statements = v.array(v.looseObject({}));
const listing = v.object({
  nftables: v.array(
    v.object({
      chain: v.optional(v.object({ name: v.string(), policy: v.optional(v.string()) })),
      rule: v.optional(v.object({ chain: v.string(), expr: statements })),
    }),
  ),
});

/** Undefined for a text that is no such listing. */
export function parseNftRuleset(text: string): NftRuleset | undefined {
  const parsed = v.safeParse(listing, jsonOf(text), { abortEarly: true });
  if (!parsed.success) return undefined;
  const chains = new Map<string, NftStatement[][]>();
  const dropping = new Set<string>();
  for (const { chain, rule } of parsed.output.nftables) {
    if (chain !== undefined && !chains.has(chain.name)) chains.set(chain.name, []);
    if (chain?.policy === "drop") dropping.add(chain.name);
    if (rule === undefined) continue;
    const rules = chains.get(rule.chain);
    if (rules === undefined) chains.set(rule.chain, [rule.expr]);
    else rules.push(rule.expr);
  }
  return { chains, dropping };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether iptables wrote a part of the rule in its own form, of which nft shows the name alone. */
export function hasXtPart(rule: readonly NftStatement[]): boolean {
  return rule.some((statement) => "xt" in statement);
}

/** A field of a protocol other than ports, flags and types, and an order of addresses. */
const LOST_MATCH =
  /"protocol":"(?:tcp|udp|icmp|icmpv6)","field":"(?!dport"|sport"|flags"|type")|"op":"[<>]=?","left":\{"payload":\{"protocol":"ip6?"/;

/**
 * Whether iptables 1.8.9 leaves a set, a map or a condition of the rule out: it saves `udp length 28 drop` as `-p udp -j DROP`, and
 * `ip saddr > A` as `-s A`.
 */
export function isSavedShort(rule: readonly NftStatement[]): boolean {
  const text = JSON.stringify(rule);
  return /"(?:set|vmap)":|"@/.test(text) || LOST_MATCH.test(text);
}
