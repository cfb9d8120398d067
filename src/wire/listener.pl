# Listens on the wire and prints what others say: adverts, ARP packets and neighbour advertisements.
#
# Perl, because Node opens no packet sockets and Debian's images have it (the Dockerfile keeps Time::HiRes beside perl-base). It needs
# CAP_NET_RAW alone, and receives what the host's own firewall drops. A packet socket of one protocol sees no packet that this host sends.
#
# It sleeps, and reads what the kernel buffered four times a second, so that a backup of twenty groups is not woken a
# hundred times a second. Equal frames are printed once per read, muted ones never, and rare ones at most every 5 s.
#
# The other files of listener-parts.ts are put before this text: the lifetimes of VIPs, a keepalived that is suspended, changes of
# this host's network, and the questions to a late owner.
#
# stdin, one plan a block of lines:          stdout:
#   tap NAME PROTOCOL SPEAKERS FILTER          heard MS NAME PROTOCOL MAC HEX a frame, and when the kernel received it
#   probe NAME PROTOCOL MAC HEX                open NAME                      listens on the interface
#   watch NAME PROTOCOL MAC HEX                shut NAME                      does not listen on it any more
#   ask NAME PROTOCOL MAC HEX                  ready NUMBER                   the plan is in force
#   mute NAME PROTOCOL MAC HEX                 lost NAME SPEAKERS NUMBER      frames that came and were not printed
#   rare NAME PROTOCOL MAC HEX                 alive UPTIME                   what came before is printed (not quiet)
#   go NUMBER PACE                             PACE: 0 quiet, 1 immediate, 2 hurried (immediate without BURST_PAUSE)
# UPTIME: when it was printed, as in /proc/uptime. An agent that was frozen reads it later. `ready NUMBER` has it, too.
# And, beside the plan, `announce NAME PROTOCOL MAC HEX`: a packet that is sent once.
use strict;
use Socket;
$| = 1;

my $READ_INTERVAL = 0.25;     # seconds between two reads, while the pace is quiet
my $BURST_PAUSE = 0.01;       # seconds that a read waits for more frames of a burst, unless it is hurried
my $PROBE_RATE = 1;           # probes a second, of all addresses in turn
my $PROBE_INTERVAL = 3;       # seconds between two probes of one address, at least
my $NEW_PROBE_RATE = 10;      # probes a second, of addresses that were not probed yet
my $ASK_INTERVAL = 1.5;       # seconds in which each address that is about to be claimed is asked for once
my $MAX_ASK_RATE = 100;       # such questions a second, at most
my $ANNOUNCE_PAUSE = 0.001;   # seconds between two announcements
my $MAX_ANNOUNCEMENTS = 1000; # announcements that wait: a list that is too long is cut
my $RARE_INTERVAL = 5;        # seconds between two prints of a rare frame, at least
my $MAX_PRINTED = 100;        # frames printed for one socket in one read
my $PRINT_RATE = 2000;        # such frames a second, but for members': a flood must leave the agent the time for those
my $MAX_READ = 600;           # packets read from one socket in one read: a flood must not starve the others
my $MAX_PACKET_BYTES = 256;   # the longest advert of use has 78
my $BUFFER_BYTES = 1 << 20;   # that the kernel keeps for one socket between two reads: some 2,700 adverts
my $ALIVE_INTERVAL = 0.1;     # seconds between two lines `alive`, while the pace is not quiet

my ($AF_PACKET, $SOL_PACKET, $PACKET_ADD_MEMBERSHIP, $SO_ATTACH_FILTER, $SIOCGIFINDEX) = (17, 263, 1, 26, 0x8933);
my ($SO_RCVBUFFORCE, $PACKET_STATISTICS, $SIOCGSTAMP) = (33, 6, 0x8906);
my ($IPV4, $IPV6) = (0x0800, 0x86dd);
# the multicast groups of VRRP: without membership a network card may drop them
my %VRRP_GROUP_MAC = ($IPV4 => "01005e000012", $IPV6 => "333300000012");

my (%taps, %muted, %rare, @probes, @asks, @watches);   # the plan in force
my %next;                             # the plan that is being received
my $pace = 0;
my $alive_at = 0;
my $input = "";
my %is_open;                          # by interface
my @open_taps;                        # those that listen, members first
my $tap_bits = "";                    # their descriptors, for select
my ($is_tap_missing, $has_loss) = (0, 0);
my $input_bits = bits_of(*STDIN);     # what wakes this program also while the pace is quiet
my ($ask_turn, $ask_credit, $probe_turn, $probe_credit, $new_probe_credit, $watch_credit) = (0, 0, 0, 0, 0, 0);
my %is_probed;                        # by probe
my @new_probes;                       # the others
my @announcements;

socket(my $any, $AF_PACKET, SOCK_DGRAM, 0) or die "perl: a packet socket: $!\n";
open(my $uptime, "<", "/proc/uptime") or die "perl: /proc/uptime: $!\n";

sub interface_index {
  my $request = pack "a16 x24", shift;   # struct ifreq
  return ioctl($any, $SIOCGIFINDEX, $request) ? unpack("x16 i", $request) : 0;
}

sub link_address {
  my ($protocol, $index, $mac) = @_;
  return pack "S n i S C C a8", $AF_PACKET, $protocol, $index, 0, 0, 6, pack "H12", $mac;   # struct sockaddr_ll
}

sub attach_filter {
  my ($handle, $filter) = @_;
  my @instructions = map { [split /,/] } split /;/, $filter;
  my $program = join "", map { pack "S C C L", @$_ } @instructions;
  my $fprog = pack "S x![P] P", scalar @instructions, $program;   # struct sock_fprog
  setsockopt($handle, SOL_SOCKET, $SO_ATTACH_FILTER, $fprog) or die "perl: a filter: $!\n";
}

# The kernel gives as much as it may where this program has no CAP_NET_ADMIN.
sub enlarge_buffer {
  my ($handle, $bytes) = (shift, pack "i", shift);
  setsockopt($handle, SOL_SOCKET, $SO_RCVBUFFORCE, $bytes) or setsockopt($handle, SOL_SOCKET, SO_RCVBUF, $bytes);
}

sub open_tap {
  my ($tap, $index) = @_;
  socket(my $handle, $AF_PACKET, SOCK_DGRAM, 0) or die "perl: a packet socket: $!\n";
  attach_filter($handle, $tap->{filter});
  enlarge_buffer($handle, $BUFFER_BYTES);
  bind($handle, link_address($tap->{protocol}, $index, "0" x 12)) or return;
  received_at($handle);   # has the kernel note the times
  my $group = $VRRP_GROUP_MAC{$tap->{protocol}};
  if ($group) {
    my $request = pack "i S S a8", $index, 0, 6, pack "H12", $group;   # struct packet_mreq
    setsockopt($handle, $SOL_PACKET, $PACKET_ADD_MEMBERSHIP, $request);
  }
  return $handle;
}

# Opens the sockets of interfaces that appeared or got another index, and closes those of interfaces that are gone. The kernel
# announces each of these changes, so a turn looks only where it did, or is not heard, or a socket could not be opened.
sub update_taps {
  my (%index, %now);
  for my $tap (values %taps) {
    my $name = $tap->{name};
    my $index = $index{$name} //= interface_index($name);
    if (!$tap->{handle} || $tap->{index} != $index) {
      $tap->{handle} = $index ? open_tap($tap, $index) : undef;
      $tap->{index} = $index;
    }
    $now{$name} = ($now{$name} // 1) && defined $tap->{handle} ? 1 : 0;
  }
  for my $name (keys %now) {
    next if ($is_open{$name} // 0) == $now{$name};
    print $now{$name} ? "open" : "shut", " $name\n";
  }
  %is_open = %now;
  @open_taps = sort { $a->{speakers} cmp $b->{speakers} } grep { $_->{handle} } values %taps;
  $is_tap_missing = @open_taps < keys %taps;
  $tap_bits = bits_of(map { $_->{handle} } @open_taps);
}

# The descriptors of handles, as select wants them.
sub bits_of {
  my $bits = "";
  vec($bits, fileno($_), 1) = 1 for @_;
  return $bits;
}

# Sets to zero what differs between two packets that say the same: identification and checksum, flow label.
sub normalize {
  my ($protocol, $packet) = @_;
  if ($protocol == $IPV4) { substr($packet, 4, 2) = "\0\0"; substr($packet, 10, 2) = "\0\0" }
  if ($protocol == $IPV6) { substr($packet, 1, 3) = "\0\0\0" }
  return $packet;
}

# When the kernel received the last packet of a socket, in ms since 1970; 0 where it does not tell. A process that was stopped
# reads it later.
sub received_at {
  my $time = pack "l! l!", 0, 0;   # struct timeval
  ioctl(shift, $SIOCGSTAMP, $time) or return 0;
  my ($seconds, $us) = unpack "l! l!", $time;
  return sprintf "%d%03d", $seconds, $us / 1000;
}

# A frame that the agent does not take in time is dropped: while this program waited, the lifetimes of VIPs would end.
sub can_print {
  vec(my $output = "", fileno(STDOUT), 1) = 1;
  return select(undef, $output, undef, 0) > 0;
}

# What the kernel has dropped since the last call, because the socket's buffer was full.
sub dropped {
  return (unpack "L L", getsockopt(shift, $SOL_PACKET, $PACKET_STATISTICS) // "")[1] // 0;   # struct tpacket_stats
}

# Members first: a flood of others must not keep them waiting. One question tells which sockets have packets, and only from a
# socket that has some the kernel can have dropped others.
sub print_frames {
  my $has_packets = $tap_bits;
  return unless select($has_packets, undef, undef, 0) > 0 || $has_loss;
  for my $tap (@open_taps) {
    my $handle = $tap->{handle};
    next unless vec($has_packets, fileno($handle), 1) || $tap->{lost};
    my %printed;
    my $now = Lease::now();
    $tap->{room} = least($MAX_PRINTED, $tap->{room} + ($now - $tap->{read_at}) * $PRINT_RATE);
    $tap->{room} = $MAX_PRINTED if $tap->{speakers} eq "members";
    $tap->{read_at} = $now;
    my $is_direct = $tap->{speakers} ne "others";   # only they can be owners
    for my $read (1 .. $MAX_READ) {
      my $from = recv($handle, my $packet, $MAX_PACKET_BYTES, MSG_DONTWAIT);
      last unless defined $from;
      OwnerProbe::note_loss($tap) if $read == $MAX_READ && $is_direct;
      next if unpack("x4 i", $from) != $tap->{index};   # of a VLAN or another device on top of the interface
      my $mac = unpack "x12 H12", $from;
      OwnerProbe::note_packet($tap, $packet, $mac) if $is_direct;
      my $hex = unpack "H*", normalize($tap->{protocol}, $packet);
      my $frame = "$tap->{name} $tap->{protocol} $mac $hex";
      next if $muted{$frame} || $printed{$frame}++;
      next if exists $rare{$frame} && $now < $rare{$frame} + $RARE_INTERVAL;
      if ($tap->{room} < 1 || !can_print()) { $tap->{lost}++; next }
      $tap->{room}--;
      $rare{$frame} = $now if exists $rare{$frame};
      print "heard ", received_at($handle), " $frame\n";
    }
    my $dropped = dropped($handle);
    OwnerProbe::note_loss($tap) if $dropped && $is_direct;
    $tap->{lost} += $dropped;
    next unless $tap->{lost} && can_print();
    print "lost $tap->{name} $tap->{speakers} $tap->{lost}\n";
    $tap->{lost} = 0;
  }
  $has_loss = grep { $_->{lost} } values %taps;
}

# Without that line, silence proves nothing. A loss is told first.
sub say_alive {
  return if !$pace || Lease::now() < $alive_at + $ALIVE_INTERVAL || $has_loss;
  return unless can_print();
  $alive_at = Lease::now();
  print "alive ", uptime(), "\n";
}

# As the agent reads it, also in a container that shows its own.
sub uptime {
  sysseek($uptime, 0, 0);
  sysread($uptime, my $text, 64);
  return (split / /, $text)[0];
}

sub send_packet {
  my ($name, $protocol, $mac, $hex) = @{+shift};
  my $index = interface_index($name) or return;
  send($any, pack("H*", $hex), 0, link_address($protocol, $index, $mac));
}

sub least { my ($left, $right) = @_; return $left < $right ? $left : $right }

# A new address is probed soon and once. After that all take turns, slowly. Watched hosts are asked at each read.
sub send_due_probes {
  my $elapsed = shift;
  $new_probe_credit = least(3, $new_probe_credit + $elapsed * $NEW_PROBE_RATE) if $new_probe_credit < 3;
  $watch_credit = least(1, $watch_credit + $elapsed / $READ_INTERVAL) if $watch_credit < 1;
  return unless @probes || @asks || @watches;
  for (; @new_probes && $new_probe_credit >= 1; $new_probe_credit -= 1) {
    my $probe = shift @new_probes;
    $is_probed{"@$probe"} = 1;
    send_packet($probe);
  }
  $probe_credit = least(1, $probe_credit + $elapsed * least($PROBE_RATE, @probes / $PROBE_INTERVAL));
  if (!@new_probes && @probes && $probe_credit >= 1) {
    $probe_credit -= 1;
    send_packet($probes[$probe_turn++ % @probes]);
  }
  my $ask_rate = least($MAX_ASK_RATE, @asks / $ASK_INTERVAL);
  $ask_credit = least($MAX_ASK_RATE, $ask_credit + $elapsed * $ask_rate);
  for (; @asks && $ask_credit >= 1; $ask_credit -= 1) { send_packet($asks[$ask_turn++ % @asks]) }
  if (@watches && $watch_credit >= 1) {
    $watch_credit -= 1;
    send_packet($_) for @watches;
  }
}

# Sockets that stay keep what they have received.
sub apply_plan {
  my ($number, $next_pace) = @_;
  my %wanted = %{$next{taps} // {}};
  for my $key (keys %wanted) {
    my $known = $taps{$key} or next;
    my $filter = $wanted{$key}{filter};
    attach_filter($known->{handle}, $filter) if $known->{handle} && $known->{filter} ne $filter;
    $wanted{$key} = { %$known, filter => $filter };
  }
  %taps = %wanted;
  @probes = @{$next{probes} // []};
  # what is new is asked for at once
  my %is_asked = map { ("@$_" => 1) } @asks;
  @asks = sort { ($is_asked{"@$a"} // 0) <=> ($is_asked{"@$b"} // 0) } @{$next{asks} // []};
  my $new_asks = grep { !$is_asked{"@$_"} } @asks;
  if ($new_asks) { ($ask_turn, $ask_credit) = (0, $ask_credit + $new_asks) }
  @watches = @{$next{watches} // []};
  my %is_wanted = map { ("@$_" => 1) } @probes;
  delete @is_probed{grep { !$is_wanted{$_} } keys %is_probed};
  @new_probes = grep { !$is_probed{"@$_"} } @probes;
  %muted = map { ($_ => 1) } @{$next{muted} // []};
  %rare = map { ($_ => $rare{$_} // 0) } @{$next{rare} // []};
  $pace = $next_pace;
  %next = ();
  update_taps();
  print "ready $number ", uptime(), "\n";
}

sub take_line {
  my ($word, @rest) = split / /, shift;
  if ($word eq "tap") {
    my %tap = (lost => 0, room => $MAX_PRINTED, read_at => 0);
    @tap{qw(name protocol speakers filter)} = @rest;
    $next{taps}{"@rest[0 .. 2]"} = \%tap;
  }
  elsif ($word eq "probe") { push @{$next{probes}}, [@rest] }
  elsif ($word eq "ask") { push @{$next{asks}}, [@rest] }
  elsif ($word eq "watch") { push @{$next{watches}}, [@rest] }
  elsif ($word eq "announce") { push @announcements, [@rest] if @announcements < $MAX_ANNOUNCEMENTS }
  elsif ($word eq "mute") { push @{$next{muted}}, "@rest" }
  elsif ($word eq "rare") { push @{$next{rare}}, "@rest" }
  elsif ($word eq "go") { apply_plan(@rest) }
  elsif ($word eq "suspension") { Suspension::take_line(@rest) }
  elsif ($word eq "network-go") { $input_bits = bits_of(*STDIN, NetworkChanges::start()) }
  elsif ($word =~ /^probe-/) { OwnerProbe::take_line($word, @rest) }
  else { Lease::take_line($word, @rest) }
}

for (;;) {
  my $waited = $input_bits;
  $waited |= $tap_bits if $pace;
  my $timeout = OwnerProbe::wait_for(@announcements ? $ANNOUNCE_PAUSE : $pace ? $ALIVE_INTERVAL : $READ_INTERVAL);
  my ($count, $left) = select(my $ready = $waited, undef, undef, $timeout);
  my $is_told = $count > 0 && vec($ready, fileno(STDIN), 1);
  if ($is_told) {
    sysread(STDIN, $input, 65536, length $input) or exit;   # the agent is gone
    take_line($1) while $input =~ s/^(.*)\n//;
  }
  Lease::run();
  Suspension::run();
  NetworkChanges::run();
  # while the pace is quiet, no frame wakes this program
  if ($count > 0 && !$is_told && $pace == 1) { select(undef, undef, undef, $BURST_PAUSE) }
  send_packet(shift @announcements) if @announcements;
  update_taps() if $is_tap_missing || NetworkChanges::may_links_differ();
  print_frames();
  OwnerProbe::run();
  say_alive();
  send_due_probes($timeout - $left);
}
