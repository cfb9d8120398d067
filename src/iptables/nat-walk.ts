/**
 * The path of a packet through the nat table: from PREROUTING, through the jump to Rancher's chain, to the rule that
 * decides.
 *
 * It is one path, that of a client that no rule singles out. A rule that is only a `maybe` is skipped: a DNAT for some
 * clients does not publish a port, and a RETURN for some clients does not take it from the others. (A filter table is
 * walked along all paths instead, see filter-walk.ts.)
 */
import { LINK_LOCAL, liesIn, parseIpv4Network } from "../network/ipv4-network.ts";
import { type ClientPacket, matchRule } from "./nat-match.ts";
import type { Rule, RuleTarget } from "./rule.ts";
import { MAX_JUMP_DEPTH, type Table } from "./table.ts";

/** The chain in which Rancher 0.x to 1.6 publishes the ports of containers. */
export const RANCHER_CHAIN = "CATTLE_PREROUTING";

/** What the nat table does with a packet. */
export type NatOutcome =
  /** DNAT or REDIRECT. `to` is the target as the rule has it, `local:PORT` for REDIRECT. */
  | { readonly kind: "translated"; readonly rule: Rule; readonly to: string }
  /** A rule of Rancher's chain ends the path without a translation. */
  | { readonly kind: "stopped"; readonly rule: Rule }
  /** Rancher's chain has no rule for it. `uncertain` is a rule that may translate it, for some clients. */
  | { readonly kind: "unmatched"; readonly uncertain: Rule | undefined }
  /** The packet never reaches Rancher's chain. `rule` is the one that decided before, if one did. */
  | { readonly kind: "not-hooked"; readonly rule: Rule | undefined };

/** Targets that end the path. After the others (MARK, LOG, ...) the packet goes on to the next rule. */
const FINAL_TARGETS = new Set(["ACCEPT", "DROP", "REJECT", "QUEUE", "NFQUEUE", "NETMAP"]);

interface Walk {
  readonly table: Table;
  readonly packet: ClientPacket;
  /** A chain that decided nothing decides nothing the next time either, so each is entered once. This also ends loops. */
  readonly entered: Set<string>;
  uncertain: Rule | undefined;
}

/** Where on its path the packet is. */
interface Position {
  /** Jumps within jumps so far. */
  readonly depth: number;
  /** Whether every jump so far is a plain one (`isPlainJump`). */
  readonly isPlain: boolean;
  /** Whether the path has entered Rancher's chain. */
  readonly isInside: boolean;
}

export function walkNatTable(table: Table, packet: ClientPacket): NatOutcome {
  const walk: Walk = { table, packet, entered: new Set(), uncertain: undefined };
  const start = { depth: 0, isPlain: true, isInside: false };
  return walkChain(walk, "PREROUTING", start) ?? { kind: "not-hooked", rule: undefined };
}

/** Undefined where the packet leaves the chain without a decision, back to the chain that it came from. */
function walkChain(walk: Walk, name: string, position: Position): NatOutcome | undefined {
  const key = `${name} ${position.isPlain}`;
  if (walk.entered.has(key) || position.depth > MAX_JUMP_DEPTH) return undefined;
  walk.entered.add(key);
  for (const rule of walk.table.chains.get(name)?.rules ?? []) {
    const step = applyRule(walk, rule, position);
    if (step !== "next rule") return step === "leave" ? undefined : step;
  }
  return undefined;
}

function applyRule(walk: Walk, rule: Rule, position: Position): NatOutcome | "next rule" | "leave" {
  const { target } = rule;
  const certainty = target && matchRule(rule, walk.packet);
  if (target === undefined || certainty === "no") return "next rule";
  if (certainty === "maybe") {
    if (position.isInside && destinationOf(target, walk.packet) !== undefined) walk.uncertain ??= rule;
    return "next rule";
  }
  if (target.name === "RETURN") return isReturnFinal(rule.chain) ? stop(rule, position) : "leave";
  const outcome = decide(rule, target, walk.packet, position) ?? jump(walk, rule, target, position);
  return outcome ?? (target.isGoto ? "leave" : "next rule");
}

/** Whether no chain that could publish the port is left after a RETURN from this one. */
function isReturnFinal(chain: string): boolean {
  return chain === "PREROUTING" || chain === RANCHER_CHAIN;
}

function decide(
  rule: Rule,
  target: RuleTarget,
  packet: ClientPacket,
  position: Position,
): NatOutcome | undefined {
  const isTranslation = target.name === "DNAT" || target.name === "REDIRECT";
  if (!isTranslation) return FINAL_TARGETS.has(target.name) ? stop(rule, position) : undefined;
  const to = destinationOf(target, packet);
  return to !== undefined && position.isInside ? { kind: "translated", rule, to } : stop(rule, position);
}

function stop(rule: Rule, { isInside }: Position): NatOutcome {
  return { kind: isInside ? "stopped" : "not-hooked", rule };
}

/** Walks the chain that the rule jumps to. A target that is not a chain is like an empty one. */
function jump(walk: Walk, rule: Rule, { name }: RuleTarget, position: Position): NatOutcome | undefined {
  const isPlain = position.isPlain && isPlainJump(rule);
  const next = { ...position, depth: position.depth + 1, isPlain };
  if (position.isInside || name !== RANCHER_CHAIN) return walkChain(walk, name, next);
  if (!isPlain) return undefined;
  const outcome = walkChain(walk, name, { ...next, isInside: true });
  return outcome ?? { kind: "unmatched", uncertain: walk.uncertain };
}

/** Whether the jump is for every packet or for local destinations. Rancher hooks its chain in with no other condition. */
function isPlainJump({ options, matches }: Rule): boolean {
  return options.length === 0 && matches.every(({ module }) => module === "addrtype" || module === "comment");
}

/** Where the packet is sent. Undefined without a translation, and for one to Rancher's metadata service. */
function destinationOf({ name, options }: RuleTarget, { port }: ClientPacket): string | undefined {
  const valueOfOption = (wanted: string) => options.find((option) => option.name === wanted)?.values[0];
  if (name === "REDIRECT") return `local:${valueOfOption("--to-ports") ?? port}`;
  const to = name === "DNAT" ? valueOfOption("--to-destination") : undefined;
  const network = parseIpv4Network(to?.split(/[:-]/, 1)[0] ?? "");
  return network && liesIn(network, LINK_LOCAL) ? undefined : to;
}
