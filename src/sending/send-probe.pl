# Tests whether VRRP packets can be sent. Asks who has a VIP, and whether the targets exist that it could not send to.
# Claims nothing, and changes no neighbour table.
#
# The packet has only the VRID 0, which no group can have, so every VRRP router drops it. It takes the path of
# keepalived's adverts: a raw socket of protocol 112, bound to the interface and the source, through the host's packet filter.
#
# Arguments: NAME SOURCE TARGET... - [PROTOCOL MAC HEX ADDRESS]...
#            SOURCE may be empty. A question for each address (in hex). Of the targets' those are sent that are needed, and
#            all others. Of one protocol.
# stdout:    sent TARGET | unsent TARGET REASON, then answered ADDRESS MAC
use strict;
use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);
$| = 1;

my $WAIT = 0.3;   # seconds for an answer
my ($IPPROTO_VRRP, $SO_BINDTODEVICE, $AF_PACKET, $SIOCGIFINDEX) = (112, 25, 17, 0x8933);
my ($IP_TTL, $IP_MULTICAST_TTL, $IPV6_UNICAST_HOPS, $IPV6_MULTICAST_HOPS) = (2, 33, 16, 18);

my ($name, $source, @rest) = @ARGV;
my @targets;
while (@rest && $rest[0] ne "-") { push @targets, shift @rest }
shift @rest;
my @questions;
while (@rest) { push @questions, [splice @rest, 0, 4] }
sub hex_of { return unpack "H*", inet_pton($_[0] =~ /:/ ? AF_INET6 : AF_INET, $_[0]) }
my %is_target = map { hex_of($_) => 1 } @targets;
my %is_asked = map { $_->[3] => 1 } grep { !$is_target{$_->[3]} } @questions;   # by address

sub raw_address {
  my $address = shift;
  return $address =~ /:/ ? pack_sockaddr_in6(0, inet_pton(AF_INET6, $address), scope_of($address)) : pack_sockaddr_in(0, inet_aton($address));
}

sub interface_index {
  socket(my $any, AF_INET, SOCK_DGRAM, 0) or return 0;
  my $request = pack "a16 x24", $name;
  return ioctl($any, $SIOCGIFINDEX, $request) ? unpack("x16 i", $request) : 0;
}

my $index = interface_index();
sub scope_of { return $_[0] =~ /^f[ef]/i ? $index : 0 }

sub try_target {
  my $target = shift;
  my $is_ipv6 = $target =~ /:/;
  socket(my $raw, $is_ipv6 ? AF_INET6 : AF_INET, SOCK_RAW, $IPPROTO_VRRP) or return "$!";
  setsockopt($raw, SOL_SOCKET, $SO_BINDTODEVICE, pack("Z*", $name)) or return "$!";
  my ($level, @options) = $is_ipv6 ? (41, $IPV6_UNICAST_HOPS, $IPV6_MULTICAST_HOPS) : (0, $IP_TTL, $IP_MULTICAST_TTL);
  setsockopt($raw, $level, $_, pack("i", 255)) for @options;
  if ($source ne "") { bind($raw, raw_address($source)) or return "$!" }
  return defined send($raw, "\0" x 8, 0, raw_address($target)) ? undef : "$!";
}

for my $target (@targets) {
  my $reason = try_target($target);
  print defined $reason ? "unsent $target $reason\n" : "sent $target\n";
  $is_asked{hex_of($target)} = 1 if defined $reason;
}

# The address, in hex, of an ARP packet's sender, or of a neighbour advertisement.
sub claimed {
  my ($protocol, $packet) = @_;
  return unpack "x14 H8", $packet if $protocol == 0x0806 && length $packet >= 28;
  return length $packet >= 64 && ord(substr $packet, 40, 1) == 136 ? unpack "x48 H32", $packet : "";
}

sub ask {
  my @asked = grep { $is_asked{$_->[3]} } @questions or return;
  my $protocol = $asked[0][0];
  socket(my $link, $AF_PACKET, SOCK_DGRAM, 0) or return;
  bind($link, pack("S n i S C C a8", $AF_PACKET, $protocol, $index, 0, 0, 0, "")) or return;
  for (@asked) {
    my (undef, $mac, $hex) = @$_;
    send($link, pack("H*", $hex), 0, pack("S n i S C C a8", $AF_PACKET, $protocol, $index, 0, 0, 6, pack "H12", $mac));
  }
  my %is_open = map { $_->[3] => 1 } @asked;
  my $left = $WAIT;
  while ($left > 0 && %is_open) {
    my $waited = "";
    vec($waited, fileno($link), 1) = 1;
    (my $count, $left) = select($waited, undef, undef, $left);
    return if $count <= 0;
    my $from = recv($link, my $packet, 256, 0) // next;
    my $address = claimed($protocol, $packet);
    print "answered $address ", unpack("x12 H12", $from), "\n" if delete $is_open{$address};
  }
}

ask();
