/**
 * Native nft rules in a filter table of iptables-nft: `nft add rule ip filter FORWARD tcp dport { 22, 23 } drop`.
 *
 * iptables 1.8.9 saves that one as `-p tcp -j DROP`. A rule that seems to drop all packets must not take the VIP from a host, so
 * each rule of which a part is missing gets a doubt.
 */
import { isSavedShort, type NftRuleset, type NftStatement } from "./nft-ruleset.ts";

const RULE = /^(?:\[\d+:\d+\] )?-A (\S+)/;
const PORT_RANGE = / --[ds]port \d+:\d+/;

/** @returns undefined where the two do not have the same rules: one changed meanwhile. */
export function doubtShortened(save: string, ruleset: NftRuleset): string | undefined {
  const counts = new Map<string, number>();
  const lines: string[] = [];
  for (const line of save.split("\n")) {
    const chain = RULE.exec(line)?.[1];
    const index = chain === undefined ? 0 : (counts.get(chain) ?? 0);
    if (chain !== undefined) counts.set(chain, index + 1);
    const rule = chain === undefined ? [] : ruleset.chains.get(chain)?.[index];
    if (rule === undefined) return undefined;
    lines.push(isShortened(line, rule) ? line.replace(/ -[jg] /, " -m doubt$&") : line);
  }
  const isWhole = [...ruleset.chains].every(([chain, rules]) => rules.length === (counts.get(chain) ?? 0));
  return isWhole ? lines.join("\n") : undefined;
}

/** Whether iptables left a part or the end of a range out. A range of ports it can say. */
function isShortened(line: string, rule: readonly NftStatement[]): boolean {
  const hasRange = JSON.stringify(rule).includes('"range":');
  return isSavedShort(rule) || (hasRange && !PORT_RANGE.test(line));
}
