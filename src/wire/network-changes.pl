# Tells the agent of changes of this host's links, addresses and routes, as the kernel announces them.
#
# A renewed lifetime is no change. DHCP leases, router advertisements and the leases of VIPs renew lifetimes, some several times a
# second, and each line would wake the agent. What lease.pl renews for IPv4 is not even received. What others renew is found by
# what the address was before.
#
# stdin:           stdout, each line begins with `network`:
#   network-go       open                           announcements are told from now on
#                    lost                           some were not told: anything may have changed
#                    link                           an interface
#                    address ADDRESS [tentative]    it is new, or differs from before; tentative: it cannot send yet, or never
#                    removed ADDRESS [lapsed]       lapsed: at the end of its lifetime
#                    default-route                  of the main table
#                    other                          another route
{   # lease.pl has some of the same names
package NetworkChanges;
use strict;
use Socket;

my $MAX_READ = 500;           # announcements in one turn
my $MAX_BYTES = 16384;        # of one: of a longer one, which is a link's, the beginning says enough
my $MAX_UNTOLD = 1000;        # news that wait: one write that finds room. Above this number they count as lost
my $MAX_KNOWN = 4096;         # addresses. A host has fewer; above this number all are forgotten, and each is new once
my $BUFFER_BYTES = 1 << 20;   # that the kernel keeps while this program is busy
my $GROUPS = 0x551;           # RTMGRP_: LINK, IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR, IPV6_ROUTE
my $ENOBUFS = 105;

my ($NEWLINK, $DELLINK, $NEWADDR, $DELADDR, $NEWROUTE, $DELROUTE) = (16, 17, 20, 21, 24, 25);
my ($IFA_ADDRESS, $IFA_LOCAL, $IFA_CACHEINFO, $IFA_FLAGS) = (1, 2, 6, 8);
my ($DADFAILED, $TENTATIVE, $PERMANENT) = (0x08, 0x40, 0x80);
my $MAIN_TABLE = 254;
my $FOREVER = 0xffffffff;

my $announcements;            # the socket, once the agent wants to be told
my %known;                    # what each address was apart from its lifetimes, by "INDEX PREFIX ADDRESS LOCAL"
my (@untold, %is_untold);     # news for which the agent had no room yet, as while it is frozen
my $is_lost = 0;              # and the agent does not know yet
my $may_links_differ = 1;     # from what the main loop saw

# Drops what lease.pl has renewed. An address that it renews is otherwise as before.
sub filter {
  my ($type, $port) = (unpack("n", pack "S", $NEWADDR), unpack "N", pack "L", Lease::port());   # as BPF loads them
  return "40,0,0,4;21,0,3,$type;32,0,0,12;21,0,1,$port;6,0,0,0;6,0,0,$FOREVER";
}

sub start {
  socket($announcements, 16, SOCK_RAW, 0) or die "perl: a netlink socket: $!\n";
  main::enlarge_buffer($announcements, $BUFFER_BYTES);
  main::attach_filter($announcements, filter());
  bind($announcements, pack "S S L L", 16, 0, 0, $GROUPS) or die "perl: announcements of the kernel: $!\n";
  %known = ();
  print "network open\n";
  $may_links_differ = 1;
  return $announcements;
}

sub lose { %known = (); $is_lost = $may_links_differ = 1 }

# Whether an interface may have come, gone or got another index since the last call.
sub may_links_differ {
  my $may_differ = $may_links_differ;
  $may_links_differ = !$announcements;
  return $may_differ;
}

sub address_news {
  my ($is_removed, $body) = @_;
  my ($family, $prefix, $flags, $scope, $index) = unpack "C4 L", $body;   # struct ifaddrmsg
  my $attributes = Lease::attributes_of(substr $body, 8);
  my $peer = $attributes->{$IFA_ADDRESS} // "";
  my $local = $attributes->{$IFA_LOCAL} // $peer;
  return "link" if length $local != ($family == AF_INET ? 4 : 16);   # it cannot be read, so anything may have changed
  my $address = Socket::inet_ntop($family, $local);
  my $key = join " ", $index, $prefix, unpack("H*", $peer), unpack "H*", $local;
  if ($is_removed) {
    delete $known{$key};
    my $valid = unpack "x4 L", $attributes->{$IFA_CACHEINFO} // pack "L2", 0, $FOREVER;
    return "removed $address" . ($valid == 0 ? " lapsed" : "");
  }
  $flags = unpack "L", $attributes->{$IFA_FLAGS} if $attributes->{$IFA_FLAGS};
  delete $attributes->{$IFA_CACHEINFO};
  $attributes->{$IFA_FLAGS} = $flags & ~$PERMANENT;   # an address with a lifetime is not permanent
  my $text = join ",", $scope, map { "$_=$attributes->{$_}" } sort keys %$attributes;
  return if ($known{$key} // "") eq $text;
  %known = () if keys %known >= $MAX_KNOWN;
  $known{$key} = $text;
  return "address $address" . ($flags & ($TENTATIVE | $DADFAILED) ? " tentative" : "");
}

# What an announcement says; undefined where nothing is new.
sub news {
  my ($type, $body) = @_;
  if ($type == $NEWADDR || $type == $DELADDR) { return address_news($type == $DELADDR, $body) }
  if ($type == $NEWROUTE || $type == $DELROUTE) {
    my ($bits, $table) = unpack "x C x2 C", $body;   # struct rtmsg
    return $bits == 0 && $table == $MAIN_TABLE ? "default-route" : "other";
  }
  return "other" if $type != $NEWLINK && $type != $DELLINK;
  # an address that survives when its link goes down becomes tentative without a word, and usable again with words that it had
  # before
  my $index = unpack "x4 L", $body;   # struct ifinfomsg
  delete @known{grep { /^$index / } keys %known};
  $may_links_differ = 1;
  return "link";
}

# Called whenever the main loop wakes, after lease.pl has renewed: what it renewed is read before this program sleeps.
sub run {
  $announcements or return;
  my $text;
  for (1 .. $MAX_READ) {
    if (!defined recv($announcements, $text, $MAX_BYTES, MSG_DONTWAIT)) {
      last if $! != $ENOBUFS;
      lose();
      next;
    }
    for my $message (Lease::messages_of($text)) {
      my $news = news($message->[0], $message->[2]) // next;
      push @untold, $news unless $is_untold{$news}++;
    }
  }
  if (@untold > $MAX_UNTOLD) { (@untold, %is_untold) = (); lose() }
  return unless (@untold || $is_lost) && main::can_print();
  push @untold, "lost" if $is_lost;
  print map { "network $_\n" } @untold;   # at once: each write takes room for a whole packet
  (@untold, %is_untold) = ();
  $is_lost = 0;
}
}
