/**
 * The way of an advert through a filter table. Every way is followed that it may take: where one of them lets it
 * through, nothing is said, so that what cannot be told is never called blocked.
 */
import { type Advert, matchAdvert } from "./filter-match.ts";
import { formatRule, type NatRule } from "./rule.ts";
import { type NatTable, parseTable } from "./table.ts";

/** These let a packet go on to the next rule; any other target that is not known may let it through. */
const PASSED_BY = /^(?:LOG|NFLOG|ULOG|MARK|CONNMARK|TRACE|SET|TOS|DSCP|CLASSIFY|SECMARK|CONNSECMARK|AUDIT)$/;

/** Jumps within jumps, of which the kernel allows fewer. */
const DEEPEST = 64;

interface Walk {
  readonly chains: NatTable["chains"];
  readonly advert: Advert;
  /** Whether a packet may come out of a chain at its end or by RETURN. */
  readonly walked: Map<string, boolean>;
  mayPass: boolean;
  /** The first that drops it. */
  droppedBy: string | undefined;
}

/** What drops the advert for certain: a rule, or `the policy of INPUT`. @param save text of `iptables-save -t filter`. */
export function whatBlocks(save: string, advert: Advert): string | undefined {
  const table = parseTable(save, "filter");
  if (!("chains" in table)) return undefined;
  const walk: Walk = {
    chains: table.chains,
    advert,
    walked: new Map(),
    mayPass: false,
    droppedBy: undefined,
  };
  const hook = advert.direction === "in" ? "INPUT" : "OUTPUT";
  if (walkChain(walk, hook, 0)) {
    if (hasDropPolicy(save, hook)) walk.droppedBy ??= `the policy of ${hook}`;
    else walk.mayPass = true;
  }
  return walk.mayPass ? undefined : walk.droppedBy;
}

function hasDropPolicy(save: string, hook: string): boolean {
  const rules = save.indexOf("\n-A ");
  const head = rules === -1 ? save : save.slice(0, rules);
  return head.includes(`\n:${hook} DROP `);
}

function walkChain(walk: Walk, name: string, depth: number): boolean {
  const known = walk.walked.get(name);
  if (known !== undefined) return known;
  const { rules, unreadable } = walk.chains.get(name) ?? { rules: [], unreadable: 0 };
  if (unreadable > 0 || depth > DEEPEST) walk.mayPass = true;
  walk.walked.set(name, true); // for text that no kernel wrote, in which a chain leads to itself
  let mayLeave = false;
  for (const rule of rules) {
    if (walk.mayPass) break;
    const step = applyRule(walk, rule, depth);
    mayLeave ||= step.mayLeave;
    if (step.isEnd) {
      walk.walked.set(name, mayLeave);
      return mayLeave;
    }
  }
  return true;
}

/** `isEnd`: no packet comes to the next rule. */
interface Step {
  readonly isEnd: boolean;
  readonly mayLeave: boolean;
}

function applyRule(walk: Walk, rule: NatRule, depth: number): Step {
  const { target } = rule;
  const certainty = target === undefined ? "no" : matchAdvert(rule, walk.advert);
  if (target === undefined || certainty === "no" || PASSED_BY.test(target.name)) {
    return { isEnd: false, mayLeave: false };
  }
  const isCertain = certainty === "yes";
  if (target.name === "RETURN") return { isEnd: isCertain, mayLeave: true };
  if (walk.chains.has(target.name)) {
    const comesBack = walkChain(walk, target.name, depth + 1);
    const { isGoto } = target;
    return { isEnd: isCertain && (isGoto || !comesBack), mayLeave: isGoto && comesBack };
  }
  if (target.name === "DROP" || target.name === "REJECT") walk.droppedBy ??= `the rule ${formatRule(rule)}`;
  else walk.mayPass = true;
  return { isEnd: isCertain, mayLeave: false };
}

/**
 * What iptables makes of rules that nft was given in its own words: 1.8.9 saves `ip saddr @bad drop` as `-j DROP`, and
 * `ip protocol vmap @policy` as a rule that does nothing, without a word.
 *
 * Rules that iptables made count packets, and a rule for all packets has soon counted some. One that has not is taken for
 * one that may apply.
 */

/** A match that nobody knows, so that it may hold or not. */
const DOUBT = "-m doubt";

/** @param save text of `iptables-nft-save --counters`; without counters nothing is doubted. */
export function doubtUncounted(save: string): string {
  return save
    .replace(/^\[0:0\] (-A \S+) (?=-[jg] )/gm, `$1 ${DOUBT} `)
    .replace(/^\[\d+:\d+\] (-A (?!.* -[jg] ).*)$/gm, `$1 ${DOUBT} -j DOUBT`);
}
