/**
 * The text of the nft table that raises the TTL of an advert which this host sends to its own keepalived by multicast.
 *
 * keepalived takes an advert only with a TTL of 255, and a packet with that TTL would leave the host. So the advert is sent
 * with a TTL of 0 and a tag, and the table sets the TTL of the copy that the kernel gives to this host. No packet from the
 * wire has the tag.
 */

/**
 * In the packet's priority, as the tag of the gate: a mark belongs to others, and policy routing reads it.
 * src/wire/owner-probe.pl sets it.
 */
const TAG = "0x6b617602";
/** Before the agent's own rules that drop adverts with a low TTL (-300), and before those of other programs. */
const PRIORITY = -410;
/** The gate's monitor knows the beginning of the name as the agent's own, so it reports no change of a rule. */
const TABLES = "rancher_keepalived_owner_release_";

export function releaseTableName(id: string): string {
  return `${TABLES}${id}`;
}

/** The command that makes the table. The kernel removes it with the process that ran the command. */
export function releaseTableCommand(table: string): string {
  const rule = `meta priority ${TAG} ip protocol 112 ip ttl 0 ip ttl set 255;`;
  return `add table ip ${table} { flags owner; chain release { type filter hook prerouting priority ${PRIORITY}; ${rule} }; }`;
}
