/** Rules of nft's own in front of the nat tables, with what a client of port 80 meets. */

export interface NativeFirewall {
  /** Of one base chain in a table `inet`. `away` is a chain that drops, and `marking` one that sets the mark 1. */
  readonly rules: readonly string[];
  readonly policy: "accept" | "drop";
  /** Whether a client's packet comes to Rancher's rule. */
  readonly passes: boolean;
  readonly verdict: "healthy" | "unhealthy" | "unknown";
}

type Policy = NativeFirewall["policy"];
const lost = (policy: Policy, ...rules: string[]): NativeFirewall => {
  return { rules, policy, passes: false, verdict: "unhealthy" };
};
const passes = (policy: Policy, ...rules: string[]): NativeFirewall => {
  return { rules, policy, passes: true, verdict: "healthy" };
};

export const NATIVE_FIREWALLS: readonly NativeFirewall[] = [
  // a field is one of a protocol or of a family
  lost("drop", "icmp type echo-request accept", "tcp dport 22 accept"),
  lost("drop", "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"),
  lost("drop", "udp length 28 accept"),
  lost("drop", "udp dport vmap { 80 : accept }"),
  lost("drop", "sctp dport 80 accept"),
  lost("drop", "esp spi 5 accept"),
  lost("drop", "ip6 hoplimit 255 accept"),
  lost("drop", "ip6 nexthdr tcp accept"),
  lost("drop", "ip6 dscp 0 tcp dport 80 accept"),
  lost("drop", "exthdr frag exists accept"),
  lost("drop", "rt ip6 nexthop fd00::1 accept"),
  lost("drop", "meta protocol ip6 accept"),
  lost("drop", "meta nfproto ipv6 accept"),
  lost("drop", "ip6 hoplimit set 64 accept"),
  passes("drop", "ip protocol tcp accept"),
  passes("drop", "meta protocol != ip6 accept"),
  passes("drop", "ip dscp set 3 accept"),
  passes("accept", "icmp type echo-request drop"),
  passes("accept", "udp checksum != 0 drop"),
  passes("accept", "ip6 hoplimit set 64 drop"),
  passes("accept", "ip6 nexthdr vmap { tcp : drop }"),
  passes("accept", "meta protocol ip6 tcp dport 80 drop"),
  lost("accept", "meta protocol ip tcp dport 80 drop"),
  lost("accept", "ip protocol vmap { tcp : drop }"),
  lost("accept", "th dport 80 drop"),
  passes("accept", "th dport 81 drop"),
  lost("accept", "meta l4proto { tcp, udp } th dport 80 counter log drop"),
  { ...lost("accept", "ip protocol vmap { udp : accept, * : drop }"), verdict: "unknown" },
  // a negated address is one of its family
  passes("accept", "ip6 saddr != 2001:db8::/32 tcp dport 80 drop"),
  passes("accept", "ip6 saddr != { 2001:db8::1, 2001:db8::2 } drop"),
  passes("accept", "ip6 saddr != @office drop"),
  passes("accept", "ip6 daddr != ::1 drop"),
  lost("drop", "ip6 saddr != 2001:db8::/32 accept"),
  lost("drop", "ip6 saddr != @office accept"),
  lost("drop", "ip6 daddr != ::1 accept"),
  // whom a firewall drops is no client
  { ...lost("accept", "ip saddr != 198.51.100.0/24 tcp dport 80 drop"), verdict: "healthy" },
  passes("drop", "ip saddr != 198.51.100.0/24 accept"),
  // a rule asks its condition once
  lost("accept", "meta mark 0 meta mark set 1 drop"),
  lost("accept", "meta mark 0 meta mark set 1 jump away"),
  lost("accept", "meta mark 0 meta mark set 1 goto away"),
  lost("accept", "ct mark 0 ct mark set 5 drop"),
  lost("accept", "meta mark 0 meta mark set 1 tcp dport 80 drop"),
  lost("accept", "meta mark 0 meta mark set 1", "meta mark 1 drop"),
  lost("drop", "meta mark 0 meta mark set 1 return"),
  passes("accept", "meta mark 0 meta mark set 1 return", "drop"),
  passes("accept", "meta mark 0 meta mark set 1 counter log accept", "drop"),
  passes("accept", "meta mark 0 meta mark set 1 tcp dport 81 drop"),
  passes("accept", "meta mark 1 meta mark set 2 drop"),
  passes("accept", "meta mark { 0, 1 } meta mark set meta mark xor 1", "meta mark 0 drop"),
  passes("accept", "meta mark vmap { 0 : jump marking, 1 : jump away }"),
  lost("accept", "meta mark vmap { 0 : jump marking, 2 : jump away }", "meta mark 1 drop"),
  // a part of a rule leaves the chain, and the other clients come to the next rule
  passes("accept", "meta mark 0 meta mark set 1 tcp dport 80 return", "drop"),
  lost("accept", "meta mark 0 meta mark set 1 tcp dport 81 return", "drop"),
  lost("accept", "meta mark 0 meta mark set 1 tcp dport vmap { 81 : return }", "drop"),
  passes("accept", "meta mark 0 meta mark set 1 tcp dport vmap { 80 : return, 81 : jump away }", "drop"),
  lost("accept", "meta mark 0 meta mark set 1 tcp dport 80 goto away", "accept"),
  passes("accept", "meta mark { 0, 7 } meta mark set 1 tcp dport 80 goto marking", "drop"),
  lost("accept", "meta mark { 0, 7 } meta mark set 1 tcp dport 81 goto marking", "meta mark 1 drop"),
  // flags, sizes and several fields
  passes("accept", "tcp flags & (fin | syn) == (fin | syn) drop"),
  passes("accept", "tcp flags & (fin | syn | rst | ack) != syn drop"),
  lost("accept", "tcp flags & (fin | syn | rst | ack) == syn drop"),
  lost("accept", "tcp flags syn drop"),
  passes("accept", "tcp flags ack drop"),
  passes("accept", "tcp flags & (fin | syn | rst | psh | ack | urg) == 0 drop"),
  passes("accept", "tcp option maxseg size 1-535 drop"),
  lost("accept", "tcp option maxseg size > 535 drop"),
  lost("accept", "tcp dport < 1024 drop"),
  passes("accept", "tcp dport >= 1024 drop"),
  lost("accept", "tcp sport >= 1024 drop"),
  passes("accept", "ip length 0-39 drop"),
  lost("accept", 'iifname . tcp dport { "eth0" . 80 } drop'),
  passes("accept", 'iifname . tcp dport { "eth0" . 81, "eth1" . 80 } drop'),
  lost("accept", 'iifname . tcp dport vmap { "eth0" . 79-80 : drop }'),
  passes("accept", 'iifname . tcp dport vmap { "eth1" . 80 : drop }'),
  lost("accept", "meta l4proto . th dport { udp . 80, tcp . 80 } drop"),
  passes("drop", "ip daddr . tcp dport { 192.0.2.100 . 80 } accept"),
  lost("drop", "ip daddr . tcp dport { 192.0.2.101 . 80, 192.0.2.100 . 81 } accept"),
  lost("accept", 'ct state . iifname vmap { new . "eth0" : drop }'),
  passes("accept", "ip daddr & 0.0.0.255 == 0.0.0.101 drop"),
  lost("accept", "ip daddr & 0.0.0.255 == 0.0.0.100 drop"),
  passes("accept", "ip saddr . tcp dport @pairs drop"),
  // marks of parts
  lost("accept", "meta mark set meta mark & 0xffffff00 | 0x5", "meta mark & 0xff == 5 drop"),
  passes("accept", "meta mark set meta mark & 0xffffff00 | 0x5", "meta mark & 0xff != 5 drop"),
  passes("accept", "ct mark & 0xff != 0 drop"),
  // limits, which few clients are above
  passes("accept", "add @flood { ip saddr limit rate over 100/second burst 100 packets } drop"),
  lost("accept", "add @flood { ip saddr limit rate 100/second burst 100 packets } drop"),
  passes("accept", "add @flood { ip saddr ct count over 200 } drop"),
  passes("accept", "meter many { ip saddr . tcp dport limit rate over 100/second burst 100 packets } drop"),
  passes("accept", "limit rate over 900/second burst 900 packets drop"),
  passes("accept", "ct count over 200 drop"),
  passes("accept", "add @seen { ip saddr }", "ip ttl < 5 drop"),
  passes("accept", "add @seen { ip saddr timeout 9s }"),
  passes("accept", "tcp dport 81 add @seen { ip saddr }", "ip saddr @seen drop"),
  { ...lost("accept", "add @seen { ip saddr }", "ip saddr @seen drop"), verdict: "unknown" },
  passes("accept", "meta mark vmap { 0 : return, 1 : jump away, 2 : jump away }", "drop"),
];

const ESTABLISHED = "ct state established accept";

/** Tables of iptables with a rule that iptables cannot save, or of which it saves a part. */
export const NATIVE_TABLES = [
  { table: "raw", policy: "drop", rules: ["tcp dport 22 accept", ESTABLISHED], passes: false },
  { table: "raw", policy: "drop", rules: ["tcp dport 80 accept", ESTABLISHED], passes: true },
  { table: "mangle", policy: "drop", rules: ["tcp dport 22 accept", ESTABLISHED], passes: false },
  { table: "mangle", policy: "drop", rules: ["ct state new tcp dport 80 accept"], passes: true },
  // the program ends with an error
  { table: "mangle", policy: "drop", rules: ["sctp dport 80 accept", "tcp dport 22 accept"], passes: false },
  { table: "mangle", policy: "accept", rules: ["meta mark set 5", "meta mark 5 drop"], passes: false },
  // `-p tcp -j DROP`
  { table: "mangle", policy: "accept", rules: ["tcp window 5 drop"], passes: true },
] as const;
