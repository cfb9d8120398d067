/**
 * Asks hosts whether they run VRRP at all.
 *
 * A kernel on which no program receives IP protocol 112 answers such a packet with an error: "protocol unreachable"
 * (RFC 792) or "unrecognized next header" (RFC 4443). A neighbour that does not answer ARP is not there. A host that
 * drops or rejects the packet looks like one that runs VRRP.
 *
 * An error counts if it comes from the host that was asked and quotes the random number of a question of the last
 * seconds. Otherwise any machine could have a live peer removed: a machine that does not see the question cannot answer
 * for the host.
 */
import { env } from "node:process";
import { execa } from "execa";
import { bareEnvironment, boundToAgent } from "../../system/child-command.ts";

/** Three times the 3 to 4 s after which a kernel gives up a neighbour that does not answer ARP. */
const WAIT_SECONDS = 12;
/** A host must send errors for this long: a keepalived that is only restarted is back by then. */
const STEADY_SECONDS = 3.5;
/** The kernel must give a neighbour up twice. Errors of one attempt come together, those of the next one 3 s later. */
const ATTEMPT_SECONDS = 2;
const TIMEOUT_MS = 16_000;

/**
 * The addresses whose hosts run no VRRP, or are not there. Empty where that cannot be found out. Never rejects.
 *
 * It sends an advert with VRID 0, which no group can have, so a host that runs VRRP ignores it. The random number lies in its
 * last four bytes: an error quotes eight bytes at least.
 */
export async function findHostsWithoutVrrp(addresses: readonly string[]): Promise<ReadonlySet<string>> {
  if (addresses.length === 0) return new Set();
  const args = [
    "-e",
    PROBER,
    String(WAIT_SECONDS),
    String(STEADY_SECONDS),
    String(ATTEMPT_SECONDS),
    ...addresses,
  ];
  const { exitCode, stdout } = await execa(...boundToAgent("KILL", "perl", args), {
    ...bareEnvironment(env),
    killSignal: "SIGKILL",
    reject: false,
    timeout: TIMEOUT_MS,
  });
  return new Set(exitCode === 0 ? stdout.split("\n").filter((line) => addresses.includes(line)) : []);
}

/**
 * A Linux kernel sends one IPv4 error a second to the same host (`icmp_ratelimit`), for the first packet that comes when it
 * may. Adverts of this host's own keepalived draw errors, too, and five advert intervals of 0.2 s are just a second. So an
 * asked host gets a question every millisecond around the moment when its next error is due, and otherwise ten a second. A
 * flood of errors can hide one, but makes none up.
 */
const PROBER = `
use strict; use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6); use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
my ($seconds, $steady, $attempt, @addresses) = @ARGV;
my $UNREACHABLE = 113;   # EHOSTUNREACH
my ($PERIOD, $STEP, $EARLY, $LATE) = (0.1, 0.001, 0.006, 0.012);   # s; a kernel counts in ticks of 1 to 10 ms
open(my $random, "<:raw", "/dev/urandom") or die $!;
# "destination unreachable" alone, and "parameter problem" alone: ICMP_FILTER and ICMP6_FILTER name what is left out
socket(my $icmp, PF_INET, SOCK_RAW, 1);
my $has_icmp = setsockopt($icmp, 255, 1, pack "L", ~(1 << 3) & 0xffffffff);
socket(my $icmp6, PF_INET6, SOCK_RAW, 58);
my $has_icmp6 = setsockopt($icmp6, 58, 1, pack "L8", ~(1 << 4) & 0xffffffff, (0xffffffff) x 7);
my $errors = "";   # the two as select takes them
vec($errors, fileno $_, 1) = 1 for grep { defined fileno $_ } $icmp, $icmp6;
my %sockets;   # by address
my (%asked, %due);   # by packed address: the latest questions, and when its next error is due
for my $address (@addresses) {
  my $is_ipv6 = $address =~ /:/;
  my $packed = inet_pton($is_ipv6 ? AF_INET6 : AF_INET, $address) or next;
  socket(my $socket, $is_ipv6 ? PF_INET6 : PF_INET, SOCK_RAW, 112) or next;
  setsockopt($socket, $is_ipv6 ? 41 : 0, $is_ipv6 ? 25 : 11, 1);   # IPV6_RECVERR, IP_RECVERR
  setsockopt($socket, SOL_SOCKET, SO_RCVBUF, 1);   # what the host sends is of no use here
  connect($socket, $is_ipv6 ? pack_sockaddr_in6(0, $packed) : pack_sockaddr_in(0, $packed)) or next;
  $sockets{$address} = [$socket, $packed];
}
sub ask {
  my ($socket, $packed) = @_;
  sysread($random, my $number, 4) == 4 or die $!;
  my $question = pack("C C C C", 0x31, 0, 0, 0) . $number;
  push @{$asked{$packed}}, $question;
  shift @{$asked{$packed}} if @{$asked{$packed}} > 100;
  return defined send($socket, $question, 0) ? 0 : $! + 0;
}
# the packed address of the host whose error this is, where it answers one of the latest questions
sub answerer {
  my ($source, $error, $type, $code, $header, $destination) = @_;
  return unless length $error > 8 + $header && unpack("C", $error) == $type && unpack("x C", $error) == $code;
  return unless substr($error, 8 + $destination, length $source) eq $source && defined $asked{$source};
  $due{$source} = clock_gettime(CLOCK_MONOTONIC) + 1;
  my $quoted = substr $error, 8 + $header, 8;
  my @others = grep { $_ ne $quoted } @{$asked{$source}};
  return if @others == @{$asked{$source}};
  $asked{$source} = \\@others;   # one question, one answer
  return $source;
}
sub header_length { return 4 * (unpack("C", $_[0]) & 15) }
sub read_errors {
  my %answered;
  for (1 .. 1000) {
    last unless $has_icmp && defined recv($icmp, my $packet, 2048, MSG_DONTWAIT);
    next unless length $packet >= 28;
    my $error = substr $packet, header_length($packet);
    next unless length $error > 8;
    my $source = answerer(substr($packet, 12, 4), $error, 3, 2, header_length(substr $error, 8), 16);
    $answered{$source} = 1 if defined $source;
  }
  for (1 .. 1000) {
    last unless $has_icmp6 && defined(my $from = recv($icmp6, my $error, 2048, MSG_DONTWAIT));
    my $source = answerer((Socket::unpack_sockaddr_in6($from))[1], $error, 4, 1, 40, 24);
    $answered{$source} = 1 if defined $source;
  }
  return \\%answered;
}
# a host behind a firewall that rejects is a neighbour that resolves
sub is_missing { return $_[1] == $UNREACHABLE && qx(ip neighbour show $_[0]) =~ /FAILED|INCOMPLETE/ }
my (%first, %next);   # by address: when it was first found gone, and when it is asked again
my $began = clock_gettime(CLOCK_MONOTONIC);
while (%sockets) {
  my $now = clock_gettime(CLOCK_MONOTONIC);
  last if $now >= $began + $seconds;
  my $answered = read_errors();
  for my $address (keys %sockets) {
    my ($socket, $packed) = @{$sockets{$address}};
    my $failure = 0;
    if ($now >= ($next{$address} // 0)) {
      $failure = ask($socket, $packed);
      my $until_due = ($due{$packed} // 0) - $now;
      my $wait = $until_due > $EARLY ? $until_due - $EARLY : $until_due > -$LATE ? $STEP : $PERIOD;
      $next{$address} = $now + ($wait < $PERIOD ? $wait : $PERIOD);
    }
    my $error = unpack "i", getsockopt($socket, SOL_SOCKET, SO_ERROR);
    next unless $answered->{$packed} || is_missing($address, $error || $failure);
    $first{$address} //= $now;
    next if $now - $first{$address} < ($answered->{$packed} ? $steady : $attempt);
    print "$address\\n";
    delete $sockets{$address};
    delete $next{$address};
  }
  my ($soonest) = sort { $a <=> $b } values %next;
  my $sleep = ($soonest // $now) - clock_gettime(CLOCK_MONOTONIC);
  select my $readable = $errors, undef, undef, $sleep > $STEP ? $sleep : $STEP;
}
`;
