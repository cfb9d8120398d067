# What the owner probe hears: the members' adverts, and the answers to its questions; and what it cannot have heard.
my $PACKET_HOST = 0;
my $MAX_ANSWERS = 200;      # read in one turn
my $MULTICAST = qr/^(?:e0000012|ff02(?:00){13}12)$/;   # 224.0.0.18 and ff02::12

# Takes each packet of a neighbour, before it is judged whether it is news for the agent. With multicast keepalived obeys whoever
# sends the group's adverts: an owner that is not in the plan is not asked, and neither is one before it.
sub note_packet {
  my ($tap, $packet, $mac) = @_;
  return unless %groups && length $packet >= 28;
  my $is_ipv6 = $tap->{protocol} == $ETHER_IPV6;
  my ($source, $destination) = unpack $is_ipv6 ? "x8 H32 H32" : "x12 H8 H8", $packet;
  my $machine = $machines{"$tap->{name} $source"};
  return unless $machine || $destination =~ $MULTICAST;
  my $at = received_at($tap->{handle}, now());
  ($machine->{spoke_at}, $machine->{heard_at}, $machine->{mac}) = ($at, $at, $mac) if $machine;
  my $advert = substr $packet, $is_ipv6 ? 40 : 4 * (ord($packet) & 15);
  return unless length $advert >= 8;
  my ($type, $vrid, $priority, $count, $terms) = unpack "C4 n", $advert;
  my $group = $by_router{"$tap->{name} $tap->{protocol} $vrid"} or return;
  my $is_candidate = $group->{owners}{$source};
  return unless $type == $group->{type} && $count == 1 && $destination eq $group->{own} && ($is_candidate || $group->{is_multicast});
  return unless index(unpack("H*", substr $advert, 8), $group->{vip}) == 0;
  my $owner = $priority && $is_candidate ? $source : "";
  note_owner($group, $owner, $at) if $owner ne $group->{owner};
  my $stated = $type == 0x21 ? $terms & 0xff : ($terms & 0xfff) / 100;
  ($group->{heard_at}, $group->{interval}) = ($at, most($group->{planned}, $stated));
}

# A new owner and its VIP are asked for at once: only then is it known whether questions reach it.
sub note_owner {
  my ($group, $owner, $at) = @_;
  ($group->{owner}, $group->{since}) = ($owner, $at);
  return if $owner eq "";
  @$_{qw(asked_at misses)} = (-$RENEWAL, 0) for owner_of($group), vip_of($group);
}

# An answer to this host is sent to it alone: what is announced to all machines proves nothing about the questions.
sub take_answer {
  my ($tap, $packet, $mac, $is_for_us) = @_;
  my $is_arp = $tap->{protocol} == $ETHER_ARP;
  return if length $packet < ($is_arp ? 28 : 64);
  my $address = unpack $is_arp ? "x14 H8" : "x48 H32", $packet;
  my $machine = $machines{"$tap->{name} $address"} or return;
  my $at = $machine->{heard_at} = received_at($tap->{handle}, now());
  return unless $is_for_us && (!$is_arp || unpack("x6 n", $packet) == 2);
  $machine->{delay} = $at - $machine->{asked_at} if $machine->{misses};
  @$machine{qw(answered_at misses)} = ($at, 0);
  $machine->{mac} = $mac unless $machine->{spoke_at};   # that of its adverts cannot be forged by an answer alone
}

sub read_answers {
  for my $tap (values %answer_taps) {
    my $index = main::interface_index($tap->{name});
    if ($index != $tap->{index} || !$tap->{handle}) {
      $tap->{handle} = $index ? main::open_tap($tap, $index) : undef;
      $tap->{index} = $index;
      note_loss();
    }
    my $handle = $tap->{handle} or next;
    for my $count (1 .. $MAX_ANSWERS) {
      my $from = recv($handle, my $packet, 128, MSG_DONTWAIT) // last;
      my ($index, $type, $mac) = unpack "x4 i x2 C x H12", $from;   # struct sockaddr_ll
      take_answer($tap, $packet, $mac, $type == $PACKET_HOST) if $index == $tap->{index};
      note_loss() if $count == $MAX_ANSWERS;
    }
    note_loss() if main::dropped($handle);
  }
}

# When the kernel received the last packet of a socket, on the monotonic clock. It came after the last turn.
sub received_at {
  my ($handle, $now) = @_;
  my $ms = main::received_at($handle) or return $now;
  my $at = $now - (clock_gettime(CLOCK_REALTIME) - $ms / 1000);
  return $at > $now ? $now : most($at, $drained_at);
}

# Packets came that were not read: any of them may have been an advert. Members have a tap of their own, and other owners of
# unicast there are none.
sub note_loss {
  my $tap = shift;
  my $is_everyones = !$tap || $tap->{speakers} ne "neighbours";
  for my $group (values %groups) { $group->{restarted_at} = $group->{since} = now() if $is_everyones || $group->{is_multicast} }
}

# This program was stopped or starved for so long.
sub note_stall {
  my ($seconds, $now) = @_;
  for my $group (values %groups) {
    $group->{restarted_at} = $now if $seconds > most($MAX_STALL, $group->{interval} / 2);
  }
}

