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
