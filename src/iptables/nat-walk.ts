/**
 * The way of a packet through the nat table: from PREROUTING, over the jump that hooks Rancher's chain in, to the
 * rule that decides.
 *
 * The packet is that of a client whom no rule singles out. A rule that may or may not apply (nat-match.ts) is
 * passed over, whatever it does: a DNAT for some clients does not publish a port, and a RETURN for some clients
 * does not take it from the others.
 */
import { LINK_LOCAL, liesIn, parseIpv4Network } from "../network/ipv4-network.ts";
import { matchRule, type Packet } from "./nat-match.ts";
import type { NatRule, RuleTarget } from "./rule.ts";
import type { NatTable } from "./table.ts";

/** Rancher 0.x to 1.6 publish the ports of containers here. */
export const RANCHER_CHAIN = "CATTLE_PREROUTING";

export type Fate =
  /** DNAT or REDIRECT; `to` as the rule has it, `local:PORT` for REDIRECT. */
  | { readonly kind: "translated"; readonly rule: NatRule; readonly to: string }
  /** A rule of Rancher's chain ended the way before a translation. */
  | { readonly kind: "stopped"; readonly rule: NatRule }
  /** Rancher's chain has no rule for it; `uncertain` is one that may translate it, for some clients. */
  | { readonly kind: "passed"; readonly uncertain: NatRule | undefined }
  /** The packet never comes to Rancher's chain; `rule` took it before. */
  | { readonly kind: "not-hooked"; readonly rule: NatRule | undefined };

/** Other targets (MARK, LOG, ...) let the packet go on to the next rule. */
const FINAL = new Set(["ACCEPT", "DROP", "REJECT", "QUEUE", "NFQUEUE", "NETMAP"]);

/** Jumps within jumps; nft refuses more than 16. It bounds the recursion for text that no kernel wrote. */
const DEEPEST = 64;

interface Walk {
  readonly table: NatTable;
  readonly packet: Packet;
  /** A chain that was left without a decision is left the same way the next time; a loop ends here too. */
  readonly entered: Set<string>;
  uncertain: NatRule | undefined;
}

interface Way {
  readonly depth: number;
  /** Whether every jump so far was without a condition, or for local destinations. */
  readonly isPlain: boolean;
  readonly isInside: boolean;
}

export function walkNat(table: NatTable, packet: Packet): Fate {
  const walk: Walk = { table, packet, entered: new Set(), uncertain: undefined };
  const start = { depth: 0, isPlain: true, isInside: false };
  return walkChain(walk, "PREROUTING", start) ?? { kind: "not-hooked", rule: undefined };
}

/** Undefined where the packet falls out of the chain, back to where it came from. */
function walkChain(walk: Walk, name: string, way: Way): Fate | undefined {
  const key = `${name} ${way.isPlain}`;
  if (walk.entered.has(key) || way.depth > DEEPEST) return undefined;
  walk.entered.add(key);
  for (const rule of walk.table.chains.get(name)?.rules ?? []) {
    const step = applyRule(walk, rule, way);
    if (step !== "next rule") return step === "leave" ? undefined : step;
  }
  return undefined;
}

function applyRule(walk: Walk, rule: NatRule, way: Way): Fate | "next rule" | "leave" {
  const { target } = rule;
  const certainty = target && matchRule(rule, walk.packet);
  if (target === undefined || certainty === "no") return "next rule";
  if (certainty === "maybe") {
    if (way.isInside && destinationOf(target, walk.packet) !== undefined) walk.uncertain ??= rule;
    return "next rule";
  }
  if (target.name === "RETURN") return isLastStop(rule.chain) ? stop(rule, way) : "leave";
  const fate = decide(rule, target, walk.packet, way) ?? follow(walk, rule, target, way);
  return fate ?? (target.isGoto ? "leave" : "next rule");
}

/** RETURN from here leads to nothing that could publish the port. */
function isLastStop(chain: string): boolean {
  return chain === "PREROUTING" || chain === RANCHER_CHAIN;
}

function decide(rule: NatRule, target: RuleTarget, packet: Packet, way: Way): Fate | undefined {
  const isTranslation = target.name === "DNAT" || target.name === "REDIRECT";
  if (!isTranslation) return FINAL.has(target.name) ? stop(rule, way) : undefined;
  const to = destinationOf(target, packet);
  return to !== undefined && way.isInside ? { kind: "translated", rule, to } : stop(rule, way);
}

function stop(rule: NatRule, { isInside }: Way): Fate {
  return { kind: isInside ? "stopped" : "not-hooked", rule };
}

/** Walks the chain that the rule jumps to; a target that is no chain is an empty one. */
function follow(walk: Walk, rule: NatRule, { name }: RuleTarget, way: Way): Fate | undefined {
  const isPlain = way.isPlain && isPlainJump(rule);
  const next = { ...way, depth: way.depth + 1, isPlain };
  if (way.isInside || name !== RANCHER_CHAIN) return walkChain(walk, name, next);
  if (!isPlain) return undefined;
  const fate = walkChain(walk, name, { ...next, isInside: true });
  return fate ?? { kind: "passed", uncertain: walk.uncertain };
}

/** Rancher hooks its chain in for every packet or for local destinations; any other hook is not Rancher's. */
function isPlainJump({ options, matches }: NatRule): boolean {
  return options.length === 0 && matches.every(({ module }) => module === "addrtype" || module === "comment");
}

/** Where the packet is sent; undefined for no translation, and for one to Rancher's metadata service. */
function destinationOf({ name, options }: RuleTarget, { port }: Packet): string | undefined {
  const valueOfOption = (wanted: string) => options.find((option) => option.name === wanted)?.values[0];
  if (name === "REDIRECT") return `local:${valueOfOption("--to-ports") ?? port}`;
  const to = name === "DNAT" ? valueOfOption("--to-destination") : undefined;
  const network = parseIpv4Network(to?.split(/[:-]/, 1)[0] ?? "");
  return network && liesIn(network, LINK_LOCAL) ? undefined : to;
}
