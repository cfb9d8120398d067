# Asks the kernel of an owner whose advert is late, and lets keepalived of this host take over where nobody answers.
#
# The questions are ARP requests and neighbour solicitations for the owner's address and for a VIP, spread over a window. Any
# advert ends them, and so does any answer. If there is none in the whole window, keepalived of this host gets an advert of
# priority 0 in the owner's name: it elects as if the owner had released the VIPs. Nothing of that leaves this host: see
# src/owner-probe/advert-path.ts.
#
# The VIP tells more than the address: the gate of an owner's agent answers for VIPs only while the container lives. So where
# the owner's kernel has answered for the VIP before, its answers for its own address do not count: they show that questions
# reach it.
#
# A takeover needs all of this; else the group is left to keepalived's own timer:
# - the owner has been the only sender of the group's adverts for a while, so forged adverts in another name prove nothing
# - its kernel has answered questions of this host before, so ARP reaches it
# - another machine on the link answers now, or the owner for its address, so this host is not the one that is cut off
# - this program was not stopped meanwhile, and has read all that came
#
# stdin, one plan a block of lines:                        stdout, each line begins with `owner-probe`:
#   probe-tap NAME PROTOCOL FILTER                           ready GROUP OWNER     the owner would be asked
#   probe-machine NAME ADDRESS PROTOCOL MAC HEX WITNESS      unready GROUP         nobody would
#   probe-group GROUP NAME PROTOCOL TYPE VRID OWN VIP INTERVAL VIA   took GROUP OWNER QUESTIONS WINDOW SILENCE ANSWERED   (ms; 1: for its address)
#   probe-owner GROUP ADDRESS DELAY ADVERT                   cut-off GROUP OWNER   no other machine answered either
#   probe-go WINDOW                                        DELAY: seconds in which other hosts ask before this one
# OWN: where the group's adverts come to. VIA: where the advert to this host's keepalived is sent.
package OwnerProbe;
use strict;
use Socket qw(:DEFAULT pack_sockaddr_in6 IPPROTO_IP);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC CLOCK_REALTIME);

my $LATE = 0.005;           # seconds behind its interval, after which an advert is late
my $QUESTIONS = 5;          # in one window
my $RENEWAL = 30;           # seconds after an answer, after which a machine is asked again
my $RETRY = 3;              # seconds after a question without an answer
my $MAX_MISSES = 3;         # such questions; further ones are as rare as those after an answer
my $KNOWN = 100;            # seconds for which an answer shows that questions reach a machine
my $STEADY_INTERVALS = 3;   # for which an owner must have been the only one
my $STEADY = 1;             # seconds of the same, at least
my $PAUSE = 10;             # seconds between two takeovers of one group
my $MAX_STALL = 0.1;        # seconds that this program may wake late, or half an interval: then an owner gets its interval anew
my ($RATE, $BURST) = (100, 250);  # questions a second, and at once
my $FEW = 10;               # groups of an owner whose VIPs are all asked for in each round
my $LAST_ROUNDS = 2;        # in which the VIP of each group is asked for, however many there are
my $MIN_WAIT = 0.002;       # seconds between two turns
my ($IP_MULTICAST_IF, $IP_ADD_MEMBERSHIP, $SO_PRIORITY) = (32, 35, 12);
my $TAG = 0x6b617602;       # as in src/owner-probe/release-table.ts
my ($ETHER_ARP, $ETHER_IPV6) = (0x0806, 0x86dd);
my $MAX_ANSWERS = 200;      # read in one turn
my $MULTICAST = qr/^(?:e0000012|ff02(?:00){13}12)$/;   # 224.0.0.18 and ff02::12

my $window = 0;
my (%groups, %machines, %answer_taps);   # the plan in force
my %coming;                         # the plan that is being received
my %by_router;                    # groups by interface, protocol and VRID
my %took_at;                      # by group, also of one that left the plan
my %crowd;                        # how many groups an owner has
my %witnesses;                    # machines by interface
my ($drained_at, $due, $ran_at, $promised) = (0, 0, 0, 0);
my ($credit, $credited_at) = (0, 0);

sub now { return clock_gettime(CLOCK_MONOTONIC) }

sub most { my $most = shift; for (@_) { $most = $_ if $_ > $most } return $most }

sub report { print "owner-probe @_\n" if main::can_print() }

# When the kernel received the last packet of a socket, on the monotonic clock. It came after the last turn.
sub received_at {
  my ($handle, $now) = @_;
  my $ms = main::received_at($handle) or return $now;
  my $at = $now - (clock_gettime(CLOCK_REALTIME) - $ms / 1000);
  return $at > $now ? $now : most($at, $drained_at);
}

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

# The VIP of a new owner is asked for at once: only then does it tell whether that one is well.
sub note_owner {
  my ($group, $owner, $at) = @_;
  ($group->{owner}, $group->{since}) = ($owner, $at);
  my $vip = vip_of($group);
  ($vip->{asked_at}, $vip->{misses}) = (-$RENEWAL, 0) if $owner ne "";
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

sub take_answer {
  my ($tap, $packet, $mac) = @_;
  my $is_arp = $tap->{protocol} == $ETHER_ARP;
  return if length $packet < ($is_arp ? 28 : 64);
  my $address = unpack $is_arp ? "x14 H8" : "x48 H32", $packet;
  my $machine = $machines{"$tap->{name} $address"} or return;
  my $is_answer = !$is_arp || unpack("x6 n", $packet) == 2;
  $machine->{heard_at} = now();
  return unless $is_answer;
  @$machine{qw(answered_at misses)} = ($machine->{heard_at}, 0);
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
      take_answer($tap, $packet, unpack "x12 H12", $from) if unpack("x4 i", $from) == $tap->{index};
      note_loss() if $count == $MAX_ANSWERS;
    }
    note_loss() if main::dropped($handle);
  }
}

# Whether the question was sent: otherwise there are too many.
sub ask {
  my ($machine, $now, $mac) = @_;
  return 0 if $credit < 1;
  $credit -= 1;
  main::send_packet([$machine->{name}, $machine->{protocol}, $mac // $machine->{all}, $machine->{question}]);
  $machine->{asked_at} = $now;
  return 1;
}

sub machine_of { my ($group, $address) = @_; return $machines{"$group->{name} $address"} }

sub vip_of { my $group = shift; return machine_of($group, $group->{vip}) }

sub owner_of { my $group = shift; return machine_of($group, $group->{owner}) }

sub is_known { my ($machine, $now) = @_; return $machine && $machine->{answered_at} && $now < $machine->{answered_at} + $KNOWN }

# Whether the owner's kernel has answered for the VIP: then it is gone once it does so no more.
sub is_seen_by_vip {
  my ($group, $now) = @_;
  my ($owner, $vip) = (owner_of($group), vip_of($group));
  return is_known($vip, $now) && $vip->{mac} eq $owner->{mac};
}

sub witnesses {
  my $group = shift;
  return grep { $_->{address} ne $group->{owner} } @{$witnesses{$group->{name}} // []};
}

# Asks machines again now and then, so that it is known whom questions reach.
sub renew {
  my $now = shift;
  my %due = map { ("$_" => [$_, $_->{mac}]) } map { @$_ } values %witnesses;
  for my $group (grep { $_->{owner} ne "" } values %groups) {
    my ($owner, $vip) = (owner_of($group), vip_of($group));
    $due{"$_"} = [$_, $owner->{mac}] for $owner, $vip;
  }
  for (values %due) {
    my ($machine, $mac) = @$_;
    if ($now >= renewed_at($machine)) {
      ask($machine, $now, is_known($machine, $now) ? $mac : undef) or next;
      $machine->{misses} += 1;
    }
    plan_turn(renewed_at($machine));
  }
}

sub renewed_at {
  my $machine = shift;
  return $machine->{asked_at} + ($machine->{misses} > 0 && $machine->{misses} <= $MAX_MISSES ? $RETRY : $RENEWAL);
}

sub plan_turn { my $at = shift; $due = $at if $at < $due }

# One round of questions: for the owner, for the VIP, and for a machine that shows that this host is not cut off. Groups with
# one owner share those for machines. The order changes, so that a path that loses each second packet does not lose all answers
# for the VIP. The last round goes to all machines: the owner may have got another MAC address.
sub ask_about {
  my ($group, $now) = @_;
  my @known = grep { is_known($_, $now) } witnesses($group);
  my $owner = owner_of($group);
  my $to = $group->{asked} == $QUESTIONS - 1 ? undef : $owner->{mac};
  my @round = [$owner, $to];
  push @round, [vip_of($group), $to] if $crowd{"$group->{name} $group->{owner}"} <= $FEW || $group->{asked} >= $QUESTIONS - $LAST_ROUNDS;
  @round = reverse @round if $group->{asked} % 2;
  push @round, map { [$_, $_->{mac}] } $known[$group->{asked} % @known] if @known;
  my @due = grep { $now >= $_->[0]{asked_at} + $window / $QUESTIONS / 2 } @round;
  return 0 if $credit < @due;
  ask($_->[0], $now, $_->[1]) for @due;
  return 1;
}

# The owner would be asked if it fell silent now.
sub is_ready {
  my ($group, $now) = @_;
  return 0 if $group->{owner} eq "" || $now < ($took_at{$group->{key}} // -$PAUSE) + $PAUSE;
  return 0 if wait_of($group) + $window >= $STEADY_INTERVALS * $group->{interval};   # keepalived's own timer ends before
  return 0 if $now < $group->{since} + most($STEADY, $STEADY_INTERVALS * $group->{interval});
  return 0 unless is_known(owner_of($group), $now);
  return is_seen_by_vip($group, $now) || scalar grep { is_known($_, $now) } witnesses($group);
}

# How long an owner may be silent before this host asks, in seconds.
sub wait_of { my $group = shift; return $group->{interval} + $LATE + $group->{owners}{$group->{owner}}{delay} }

# When the owner was last seen to be well.
sub alive_at {
  my ($group, $now) = @_;
  my ($owner, $vip) = (owner_of($group), vip_of($group));
  my @signs = is_seen_by_vip($group, $now) ? ($owner->{spoke_at}, $vip->{answered_at}) : ($owner->{heard_at}, $vip->{heard_at});
  return most(@$group{qw(heard_at restarted_at)}, @signs);
}

sub judge {
  my ($key, $group, $now) = @_;
  return if $group->{owner} eq "";
  # keepalived's own timer is over
  if ($now > $group->{heard_at} + $STEADY_INTERVALS * $group->{interval}) { $group->{owner} = ""; return }
  my $begin = alive_at($group, $now) + wait_of($group);
  if ($now < $begin) { $group->{begin} = 0; return plan_turn($begin) }
  return if !is_ready($group, $now);
  @$group{qw(begin asked next_at)} = ($begin, 0, $now) if $group->{begin} != $begin;
  if ($now >= $group->{next_at}) {
    return conclude($key, $group, $now) if $group->{asked} == $QUESTIONS;
    if (ask_about($group, $now)) { $group->{asked} += 1; $group->{asking_since} = $now if $group->{asked} == 1 }
    $group->{next_at} = $now + $window / $QUESTIONS;
  }
  plan_turn($group->{next_at});
}

# Nobody has answered in a whole window.
sub conclude {
  my ($key, $group, $now) = @_;
  my ($owner, $since) = @$group{qw(owner asking_since)};
  my $is_answered = owner_of($group)->{answered_at} >= $since ? 1 : 0;
  my $is_reached = $is_answered || grep { $_->{answered_at} >= $since } witnesses($group);
  $group->{owner} = "";   # until it is heard again
  return report("cut-off", $key, $owner) unless $is_reached;
  $took_at{$key} = $now;
  my @ms = map { sprintf "%.0f", 1000 * $_ } $now - $since, $now - $group->{heard_at};
  report("took", $key, $owner, $group->{asked}, @ms, $is_answered) if release($group, $owner);
}

# Tells keepalived of this host that the owner has released the VIPs.
sub release {
  my ($group, $owner) = @_;
  my ($is_ipv6, $via) = ($group->{protocol} == $ETHER_IPV6, pack "H*", $group->{via});
  my $index = main::interface_index($group->{name});
  my $scope = $group->{via} =~ /^fe[89ab]/ ? $index : 0;
  my $to = $is_ipv6 ? pack_sockaddr_in6(0, $via, $scope) : pack_sockaddr_in(0, $via);
  socket(my $raw, $is_ipv6 ? AF_INET6 : AF_INET, SOCK_RAW, 255) or return 0;   # IPPROTO_RAW: with its header
  return 0 if !$is_ipv6 && $group->{is_multicast} && !join_group($raw, $via, $index);
  return defined send($raw, pack("H*", $group->{owners}{$owner}{advert}), 0, $to);
}

# The kernel drops a packet with a TTL of 0 only where the host has a member of the multicast group, which gets a copy. So the
# sender is one itself, for the case that keepalived has just ended.
sub join_group {
  my ($raw, $multicast, $index) = @_;
  my $membership = pack "a4 x4 i", $multicast, $index;   # struct ip_mreqn
  return setsockopt($raw, IPPROTO_IP, $IP_MULTICAST_IF, $membership)
    && setsockopt($raw, IPPROTO_IP, $IP_ADD_MEMBERSHIP, $membership)
    && setsockopt($raw, SOL_SOCKET, $SO_PRIORITY, pack "L", $TAG);
}

# Called at each turn of the main loop, after it has read what came.
sub run {
  return unless %groups;
  my $now = now();
  note_stall($now - $ran_at - $promised, $now);
  read_answers();
  $now = now();
  $credit = main::least($BURST, $credit + ($now - $credited_at) * $RATE);
  ($credited_at, $drained_at, $due) = ($now, $now, $now + 1);
  %crowd = ();
  $crowd{"$_->{name} $_->{owner}"} += 1 for values %groups;
  renew($now);
  judge($_, $groups{$_}, $now) for sort keys %groups;
  for my $key (keys %groups) {
    my $group = $groups{$key};
    my $says = is_ready($group, $now) ? "ready $key $group->{owner}" : "unready $key";
    next if $says eq $group->{said} || !main::can_print();
    report($group->{said} = $says);
  }
  $ran_at = now();
}

# The seconds until the next turn, at most `$longest`.
sub wait_for {
  my $longest = shift;
  $promised = %groups ? main::least($longest, most($MIN_WAIT, $due - now())) : $longest;
  return $promised;
}

# What is known of a machine or a group outlives a plan that does not change it.
sub apply {
  my %new_machines = %{$coming{machines} // {}};
  for my $key (keys %new_machines) {
    my $known = $machines{$key} // {asked_at => -$RENEWAL, answered_at => 0, heard_at => 0, spoke_at => 0, misses => 0};
    $new_machines{$key} = {%$known, %{$new_machines{$key}}};
  }
  my %new_groups = %{$coming{groups} // {}};
  for my $key (keys %new_groups) {
    my $known = $groups{$key};
    my %fresh = (owner => "", since => 0, heard_at => 0, restarted_at => 0, begin => 0, said => "", interval => $new_groups{$key}{planned});
    my $is_same = $known && $known->{text} eq $new_groups{$key}{text} && ($known->{owner} eq "" || $new_groups{$key}{owners}{$known->{owner}});
    $known = \%fresh unless $is_same;
    $new_groups{$key} = {%$known, %{$new_groups{$key}}};
    delete $new_groups{$key} if grep { !$new_machines{"$new_groups{$key}{name} $_"} } $new_groups{$key}{vip}, keys %{$new_groups{$key}{owners}};
  }
  my %new_taps = %{$coming{taps} // {}};
  for my $key (keys %new_taps) {
    my $known = $answer_taps{$key} // next;
    $new_taps{$key} = $known if $known->{filter} eq $new_taps{$key}{filter};
  }
  (%groups, %machines, %answer_taps, %coming) = ();
  %groups = %new_groups;
  %machines = %new_machines;
  %answer_taps = %new_taps;
  %by_router = map { ("$_->{name} $_->{protocol} $_->{vrid}" => $_) } values %groups;
  %witnesses = ();
  $_->{is_witness} and push @{$witnesses{$_->{name}}}, $_ for values %machines;
  $due = 0;
}

sub take_line {
  my ($word, @rest) = @_;
  if ($word eq "probe-tap") {
    my %tap = (index => 0, speakers => "");
    @tap{qw(name protocol filter)} = @rest;
    $coming{taps}{"@rest[0 .. 1]"} = \%tap;
  }
  elsif ($word eq "probe-machine") {
    my %machine;
    @machine{qw(name address protocol all question is_witness)} = @rest;
    $coming{machines}{"@rest[0 .. 1]"} = \%machine;
  }
  elsif ($word eq "probe-group") {
    my %group = (text => "@rest", key => $rest[0], owners => {});
    @group{qw(name protocol type vrid own vip planned via)} = @rest[1 .. $#rest];
    $group{is_multicast} = $group{own} =~ $MULTICAST;
    $coming{groups}{$rest[0]} = \%group;
  }
  elsif ($word eq "probe-owner") {
    my ($key, $address, $delay, $advert) = @rest;
    $coming{groups}{$key}{owners}{$address} = {delay => $delay, advert => $advert};
  }
  elsif ($word eq "probe-go") { $window = $rest[0]; apply() }
}

package main;
