/**
 * Asks hosts whether they run VRRP at all.
 *
 * A kernel on which no program receives IP protocol 112 answers such a packet with an error: "protocol unreachable" (RFC 792)
 * or "unrecognized next header" (RFC 4443). A neighbour that does not answer ARP is not there. A host that drops or rejects the
 * packet is not told from one that runs VRRP.
 */
import { env } from "node:process";
import { execa } from "execa";
import { bareEnvironment, boundToAgent } from "../../system/child-command.ts";

/** A neighbour that does not answer ARP is given up after 3 s, and again 4 s later. */
const WAIT_SECONDS = 10;
/** A host must be found so twice, this far apart: a keepalived that is only restarted is back by then. */
const STEADY_TENTHS = 35;
const TIMEOUT_MS = 15_000;

/**
 * The addresses whose hosts run no VRRP, or are not there. Empty where that cannot be found out. Never rejects.
 *
 * It sends an advert with VRID 0, which no group can have, so a host that runs VRRP ignores it.
 */
export async function findHostsWithoutVrrp(addresses: readonly string[]): Promise<ReadonlySet<string>> {
  if (addresses.length === 0) return new Set();
  const args = ["-e", PROBER, String(WAIT_SECONDS), String(STEADY_TENTHS), ...addresses];
  const { exitCode, stdout } = await execa(...boundToAgent("KILL", "perl", args), {
    ...bareEnvironment(env),
    killSignal: "SIGKILL",
    reject: false,
    timeout: TIMEOUT_MS,
  });
  return new Set(exitCode === 0 ? stdout.split("\n").filter((line) => addresses.includes(line)) : []);
}

/** The error of a connected socket is the answer. Each host is asked every second, because errors are rate-limited. */
const PROBER = `
use strict; use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);
my ($seconds, $steady, @addresses) = @ARGV;
my $advert = pack "C C C C n n", 0x31, 0, 0, 0, 100, 0;
my ($PROTOCOL_ERROR, $NO_PROTOCOL, $UNREACHABLE) = (71, 92, 113);   # EPROTO, ENOPROTOOPT, EHOSTUNREACH
my %sockets;
for my $address (@addresses) {
  my $is_ipv6 = $address =~ /:/;
  my $packed = inet_pton($is_ipv6 ? AF_INET6 : AF_INET, $address) or next;
  socket(my $socket, $is_ipv6 ? PF_INET6 : PF_INET, SOCK_RAW, 112) or next;
  setsockopt($socket, $is_ipv6 ? 41 : 0, $is_ipv6 ? 25 : 11, 1);   # IPV6_RECVERR, IP_RECVERR
  setsockopt($socket, SOL_SOCKET, SO_RCVBUF, 1);   # what the host sends is of no use here
  connect($socket, $is_ipv6 ? pack_sockaddr_in6(0, $packed) : pack_sockaddr_in(0, $packed)) or next;
  $sockets{$address} = $socket;
}
# a host behind a firewall that rejects is a neighbour that resolves
sub is_gone {
  my ($address, $error) = @_;
  return 1 if $error == $PROTOCOL_ERROR || $error == $NO_PROTOCOL;
  return $error == $UNREACHABLE && qx(ip neighbour show $address) =~ /FAILED|INCOMPLETE/;
}
my %first;   # by address: when it was first found gone, in tenths of a second
for (my $now = 0; $now < 10 * $seconds && %sockets; $now++) {
  for my $address (keys %sockets) {
    my $failure = $now % 10 == 0 && !defined send($sockets{$address}, $advert, 0) ? $! + 0 : 0;
    my $error = unpack "i", getsockopt($sockets{$address}, SOL_SOCKET, SO_ERROR);
    next unless is_gone($address, $error || $failure);
    next if $now - ($first{$address} //= $now) < $steady;
    print "$address\\n";
    delete $sockets{$address};
  }
  select undef, undef, undef, 0.1;
}
`;
