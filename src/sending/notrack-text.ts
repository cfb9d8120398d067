/**
 * The rules that keep VRRP out of connection tracking, as text for nft and for iptables-legacy.
 *
 * An advert needs no tracking, and a kernel whose table of connections is full drops what it would have to track: the
 * owner's adverts, too. nft also drops adverts that came through a router (RFC 9568 5.1.1.3: the TTL must be 255).
 * keepalived 2.2.7 drops them, too, but starts its wait for the owner again at each one, so they kept a backup from
 * taking over.
 */

/** Their names are in the documentation, because an operator may have to remove them. */
const NOTRACK_TABLE = "rancher_keepalived_notrack";
const NOTRACK_CHAIN = "rancher-keepalived";

/** Before connection tracking (-200), as the table raw of iptables. */
const PRIORITY = -300;
const HOOKS = ["prerouting", "output"] as const;
const BUILT_IN = ["PREROUTING", "OUTPUT"] as const;
const ROUTED = "ip protocol 112 ip ttl < 255 drop; ip6 nexthdr 112 ip6 hoplimit < 255 drop;";
const RULE = `-A ${NOTRACK_CHAIN} -p 112 -j CT --notrack`;

/** One transaction that makes the table of nft, whatever is there. */
export function nftText(): string {
  const chains = HOOKS.map(
    (hook) =>
      `chain ${hook} { type filter hook ${hook} priority ${PRIORITY}; policy accept; ${hook === "prerouting" ? `${ROUTED} ` : ""}meta l4proto 112 notrack; };`,
  );
  return `${nftRemovalText()}table inet ${NOTRACK_TABLE} { ${chains.join(" ")} }\n`;
}

/** Removes the table of nft, and succeeds where there is none. */
export function nftRemovalText(): string {
  return `add table inet ${NOTRACK_TABLE}\ndelete table inet ${NOTRACK_TABLE}\n`;
}

export function nftListingText(): string {
  return `list table inet ${NOTRACK_TABLE}\n`;
}

/** @param listing output of `iptables -t raw -S`. */
export function isLegacyInPlace(listing: string): boolean {
  const lines = linesOf(listing);
  const inChain = lines.filter((line) => line.startsWith(`-A ${NOTRACK_CHAIN} `));
  const [rule = ""] = inChain;
  const isRule = inChain.length === 1 && /^-A \S+ -p (112|vrrp) -j (CT --notrack|NOTRACK)$/.test(rule);
  return isRule && BUILT_IN.every((chain) => jumpsFrom(chain, lines).length === 1);
}

/** Input of `iptables-restore --noflush` that makes the chain as it should be. */
export function legacyText(listing: string): string {
  const jumps = BUILT_IN.map((chain) => `-I ${chain} -j ${NOTRACK_CHAIN}`);
  return tableText([`:${NOTRACK_CHAIN} - [0:0]`, ...deletions(listing), ...jumps, RULE]);
}

/** The same that removes the chain; "" where it is not there. */
export function legacyRemovalText(listing: string): string {
  if (!linesOf(listing).includes(`-N ${NOTRACK_CHAIN}`)) return "";
  return tableText([...deletions(listing), `-F ${NOTRACK_CHAIN}`, `-X ${NOTRACK_CHAIN}`]);
}

function deletions(listing: string): string[] {
  const lines = linesOf(listing);
  return BUILT_IN.flatMap((chain) => jumpsFrom(chain, lines)).map((line) => line.replace("-A", "-D"));
}

function jumpsFrom(chain: string, lines: readonly string[]): string[] {
  return lines.filter((line) => line === `-A ${chain} -j ${NOTRACK_CHAIN}`);
}

function tableText(lines: readonly string[]): string {
  return ["*raw", ...lines, "COMMIT", ""].join("\n");
}

function linesOf(listing: string): string[] {
  return listing.split("\n").map((line) => line.trim());
}
