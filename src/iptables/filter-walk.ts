/**
 * The paths of a packet through a filter table.
 *
 * A packet is called blocked only if every path that it may take drops it. So a `maybe` rule is followed both ways, and
 * doubt never becomes an alarm. (The nat table is walked along one path instead, see nat-walk.ts.)
 */
import { type AdvertPacket, type Certainty, matchAdvert } from "./filter-match.ts";
import { type ForwardedPacket, matchForwarded } from "./forward-match.ts";
import { formatRule, PART_OF_RULE, type Rule } from "./rule.ts";
import { MAX_JUMP_DEPTH, parseTable, type Table } from "./table.ts";

/** Targets after which a packet goes on to the next rule. A target that is not known may accept the packet. */
const NON_TERMINATING =
  /^(?:LOG|NFLOG|ULOG|MARK|CONNMARK|TRACE|SET|TOS|DSCP|CLASSIFY|SECMARK|CONNSECMARK|AUDIT)$/;

interface Walk {
  readonly chains: Table["chains"];
  /** Whether a rule applies to the packet. */
  readonly match: (rule: Rule) => Certainty;
  /** For each chain that was entered: whether a packet may leave it at its end or by RETURN. */
  readonly mayLeave: Map<string, boolean>;
  /** Whether some path may let the packet through. */
  mayPass: boolean;
  /** The first rule or policy that certainly drops it. */
  droppedBy: string | undefined;
  /** The first rule that may drop it. */
  suspect: string | undefined;
}

/**
 * What drops the advert for certain: `the rule -A ...` or `the policy of INPUT`. Undefined where it may get through.
 *
 * @param save text of `iptables-save -t filter`.
 */
export function findBlocker(save: string, advert: AdvertPacket): string | undefined {
  const hook = advert.direction === "in" ? "INPUT" : "OUTPUT";
  return findBlockerIn(save, hook, (rule) => matchAdvert(rule, advert));
}

/** The same for a packet that this host forwards. */
export function findForwardBlocker(save: string, packet: ForwardedPacket): string | undefined {
  return findBlockerIn(save, "FORWARD", (rule) => matchForwarded(rule, packet));
}

function findBlockerIn(save: string, hook: string, match: Walk["match"]): string | undefined {
  const table = parseTable(save, "filter");
  if (!("chains" in table)) return undefined;
  const walk: Walk = {
    chains: table.chains,
    match,
    mayLeave: new Map(),
    mayPass: false,
    droppedBy: undefined,
    suspect: undefined,
  };
  if (walkChain(walk, hook, 0)) {
    if (hasDropPolicy(save, hook)) walk.droppedBy ??= `the policy of ${hook}`;
    else walk.mayPass = true;
  }
  return walk.mayPass ? undefined : (walk.droppedBy ?? walk.suspect);
}

function hasDropPolicy(save: string, hook: string): boolean {
  const rules = save.indexOf("\n-A ");
  const head = rules === -1 ? save : save.slice(0, rules);
  return head.includes(`\n:${hook} DROP `);
}

function walkChain(walk: Walk, name: string, depth: number): boolean {
  const known = walk.mayLeave.get(name);
  if (known !== undefined) return known;
  const { rules, unreadable } = walk.chains.get(name) ?? { rules: [], unreadable: 0 };
  if (unreadable > 0 || depth > MAX_JUMP_DEPTH) walk.mayPass = true;
  walk.mayLeave.set(name, true); // ends a loop, in text that the kernel did not write
  let mayLeave = false;
  for (const rule of rules) {
    if (walk.mayPass) break;
    const step = applyRule(walk, rule, depth);
    mayLeave ||= step.mayLeave;
    if (step.isEnd) {
      walk.mayLeave.set(name, mayLeave);
      return mayLeave;
    }
  }
  return true;
}

/** What a rule does to the packets that come to it. */
interface Step {
  /** None of them comes to the next rule. */
  readonly isEnd: boolean;
  /** Some of them may leave the chain here. */
  readonly mayLeave: boolean;
}

function applyRule(walk: Walk, rule: Rule, depth: number): Step {
  const { target } = rule;
  const certainty = target === undefined ? "no" : walk.match(rule);
  if (target === undefined || certainty === "no" || NON_TERMINATING.test(target.name)) {
    return { isEnd: false, mayLeave: false };
  }
  const isCertain = certainty === "yes";
  if (target.name === "RETURN") return { isEnd: isCertain, mayLeave: true };
  if (walk.chains.has(target.name)) {
    const comesBack = walkChain(walk, target.name, depth + 1);
    const { isGoto, options } = target;
    const isPart = options.some(({ name }) => name === PART_OF_RULE);
    const isLeaving = isGoto && !isPart;
    return { isEnd: isCertain && (isLeaving || !comesBack), mayLeave: (isLeaving || isPart) && comesBack };
  }
  if (target.name !== "DROP" && target.name !== "REJECT") walk.mayPass = true;
  else if (isCertain) walk.droppedBy ??= `the rule ${formatRule(rule)}`;
  else walk.suspect ??= `the rule ${formatRule(rule)}`;
  return { isEnd: isCertain, mayLeave: false };
}
