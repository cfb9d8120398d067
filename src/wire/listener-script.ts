/**
 * The listener on the wire, in Perl: Node opens no packet sockets, and Debian's perl-base is in every image.
 *
 * It needs CAP_NET_RAW alone, and hears what the host's own packet filter drops. It sleeps, and looks at what the kernel
 * kept four times a second: what says the same is told once a look, and nothing that is muted. So a host that backs up
 * twenty groups is not woken a hundred times a second. Packet sockets of one protocol see no packet that this host sends.
 */
export const WIRE_SCRIPT = String.raw`
use strict;
use Socket;
$| = 1;
my ($LOOK, $NAP, $PROBES, $MOST_TOLD, $MOST_READ) = (0.25, 0.01, 1.5, 100, 600);
my ($IPV4, $IPV6) = (0x0800, 0x86dd);
my %GROUP = ($IPV4 => "01005e000012", $IPV6 => "333300000012"); # where VRRP is sent to: a card may drop it else
my (%taps, %muted, %next, @probes, %open);
my ($input, $prompt, $turn, $credit) = ("", 0, 0, 0);

socket(my $any, 17, SOCK_DGRAM, 0) or die "perl: a packet socket: $!\n";

sub index_of {
  my $request = pack "a16 x24", shift;
  return ioctl($any, 0x8933, $request) ? unpack("x16 i", $request) : 0;
}

sub place { # struct sockaddr_ll
  my ($protocol, $index, $mac) = @_;
  return pack "S n i S C C a8", 17, $protocol, $index, 0, 0, 6, pack "H12", $mac;
}

sub sift {
  my ($handle, $filter) = @_;
  my @steps = map { [split /,/] } split /;/, $filter;
  my $program = join "", map { pack "S C C L", @$_ } @steps;
  setsockopt($handle, SOL_SOCKET, 26, pack "S x![P] P", scalar @steps, $program) or die "perl: a filter: $!\n";
}

sub open_tap {
  my ($tap, $index) = @_;
  socket(my $handle, 17, SOCK_DGRAM, 0) or die "perl: a packet socket: $!\n";
  sift($handle, $tap->{filter});
  bind($handle, place($tap->{protocol}, $index, "0" x 12)) or return;
  my $group = $GROUP{$tap->{protocol}};
  setsockopt($handle, 263, 1, pack "i S S a8", $index, 0, 6, pack "H12", $group) if $group;
  return $handle;
}

sub tend {
  my (%index, %now);
  for my $tap (values %taps) {
    my $name = $tap->{name};
    my $index = $index{$name} //= index_of($name);
    if (!$tap->{handle} || $tap->{index} != $index) {
      $tap->{handle} = $index ? open_tap($tap, $index) : undef;
      $tap->{index} = $index;
    }
    $now{$name} = ($now{$name} // 1) && defined $tap->{handle} ? 1 : 0;
  }
  for my $name (keys %now) {
    next if ($open{$name} // 0) == $now{$name};
    print $now{$name} ? "open" : "shut", " $name\n";
  }
  %open = %now;
}

sub look {
  for my $tap (values %taps) {
    my $handle = $tap->{handle} or next;
    my %told; # of this tap alone: a flood on one interface leaves the others heard
    for (1 .. $MOST_READ) {
      my $from = recv($handle, my $packet, 256, MSG_DONTWAIT);
      last unless defined $from;
      next if unpack("x4 i", $from) != $tap->{index}; # of a VLAN or another device on top of the interface
      # what differs between two packets that say the same
      if ($tap->{protocol} == $IPV4) { substr($packet, 4, 2) = "\0\0"; substr($packet, 10, 2) = "\0\0" }
      if ($tap->{protocol} == $IPV6) { substr($packet, 1, 3) = "\0\0\0" }
      my $frame = "$tap->{name} $tap->{protocol} " . unpack("x12 H12", $from) . " " . unpack("H*", $packet);
      next if $muted{$frame} || $told{$frame}++ || keys %told > $MOST_TOLD;
      print "heard $frame\n";
    }
  }
}

sub probe {
  my $elapsed = shift;
  $credit += @probes * $elapsed / $PROBES;
  $credit = @probes if $credit > @probes;
  for (; $credit >= 1; $credit -= 1) {
    my ($name, $protocol, $mac, $hex) = @{$probes[$turn++ % @probes]};
    my $index = index_of($name) or next;
    send($any, pack("H*", $hex), 0, place($protocol, $index, $mac));
  }
}

sub obey {
  my ($word, @rest) = split / /, shift;
  if ($word eq "tap") { $next{taps}{"@rest[0, 1]"} = { name => $rest[0], protocol => $rest[1], filter => $rest[2] } }
  elsif ($word eq "probe") { push @{$next{probes}}, [@rest] }
  elsif ($word eq "mute") { $next{muted}{"@rest"} = 1 }
  elsif ($word eq "go") {
    my %wanted = %{$next{taps} // {}};
    for my $key (keys %wanted) {
      my $known = $taps{$key} or next;
      my $filter = $wanted{$key}{filter};
      sift($known->{handle}, $filter) if $known->{handle} && $known->{filter} ne $filter;
      $wanted{$key} = { %$known, filter => $filter };
    }
    %taps = %wanted;
    @probes = @{$next{probes} // []};
    %muted = %{$next{muted} // {}};
    $prompt = $rest[1];
    %next = ();
    tend();
    print "ready $rest[0]\n";
  }
}

for (;;) {
  my $ears = "";
  vec($ears, fileno(STDIN), 1) = 1;
  if ($prompt) { $_->{handle} and vec($ears, fileno($_->{handle}), 1) = 1 for values %taps }
  my ($count, $left) = select(my $ready = $ears, undef, undef, $LOOK);
  if ($count > 0 && vec($ready, fileno(STDIN), 1)) {
    sysread(STDIN, $input, 65536, length $input) or exit;
    obey($1) while $input =~ s/^(.*)\n//;
  }
  elsif ($count > 0) { select(undef, undef, undef, $NAP) }
  tend();
  look();
  probe($LOOK - $left);
}
`;
