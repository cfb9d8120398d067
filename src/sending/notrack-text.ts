/**
 * The rules that keep VRRP out of connection tracking, as text for nft and for iptables-legacy.
 *
 * An advert needs no tracking, and a kernel whose table of connections is full drops what it would have to track: the
 * owner's adverts, too. nft also drops adverts that came through a router (RFC 9568 5.1.1.3: the TTL must be 255).
 * keepalived 2.2.7 drops them, too, but starts its wait for the owner again at each one, so they kept a backup from
 * taking over.
 *
 * What this host forwards is left alone, and so are routed adverts of other VRIDs: other people's VRRP may need both.
 */

/** Their names are in the documentation, because an operator may have to remove them. */
const NOTRACK_TABLE = "rancher_keepalived_notrack";
const NOTRACK_CHAIN = "rancher-keepalived";

/** Before connection tracking (-200), as the table raw of iptables. */
const PRIORITY = -300;
const HOOKS = ["prerouting", "output"] as const;
const RULE = `-A ${NOTRACK_CHAIN} -p 112 -j CT --notrack`;
/** What arrives for this host itself. */
const TO_HOST = "fib daddr type { local, multicast }";
const JUMPS = ["LOCAL", "MULTICAST"]
  .map((type) => `PREROUTING -m addrtype --dst-type ${type}`)
  .concat("OUTPUT")
  .map((match) => `${match} -j ${NOTRACK_CHAIN}`);

/**
 * One transaction that makes the table of nft, whatever is there.
 *
 * @param vrids of this host's groups, at least one.
 */
export function nftText(vrids: readonly number[]): string {
  const routed = `${TO_HOST} @th,8,8 { ${vrids.join(", ")} } drop`;
  const rules: Readonly<Record<(typeof HOOKS)[number], readonly string[]>> = {
    prerouting: [
      `ip protocol 112 ip ttl < 255 ${routed}`,
      `ip6 nexthdr 112 ip6 hoplimit < 255 ${routed}`,
      `meta l4proto 112 ${TO_HOST} notrack`,
    ],
    output: ["meta l4proto 112 notrack"],
  };
  const chains = HOOKS.map(
    (hook) =>
      `chain ${hook} { type filter hook ${hook} priority ${PRIORITY}; policy accept; ${rules[hook].join("; ")}; };`,
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
  return (
    isRule &&
    jumpsIn(lines).toSorted().join("\n") ===
      JUMPS.map((jump) => `-A ${jump}`)
        .toSorted()
        .join("\n")
  );
}

/** Input of `iptables-restore --noflush` that makes the chain as it should be. */
export function legacyText(listing: string): string {
  const jumps = JUMPS.map((jump) => `-I ${jump}`);
  return tableText([`:${NOTRACK_CHAIN} - [0:0]`, ...deletions(listing), ...jumps, RULE]);
}

/** The same that removes the chain; "" where it is not there. */
export function legacyRemovalText(listing: string): string {
  if (!linesOf(listing).includes(`-N ${NOTRACK_CHAIN}`)) return "";
  return tableText([...deletions(listing), `-F ${NOTRACK_CHAIN}`, `-X ${NOTRACK_CHAIN}`]);
}

function deletions(listing: string): string[] {
  return jumpsIn(linesOf(listing)).map((line) => line.replace("-A", "-D"));
}

/** Those of any version of the agent. */
function jumpsIn(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith("-A ") && line.endsWith(` -j ${NOTRACK_CHAIN}`));
}

function tableText(lines: readonly string[]): string {
  return ["*raw", ...lines, "COMMIT", ""].join("\n");
}

function linesOf(listing: string): string[] {
  return listing.split("\n").map((line) => line.trim());
}
