# Asks the kernel of an owner whose advert is late, and lets keepalived of this host take over where nobody answers.
#
# The questions are ARP requests and neighbour solicitations for the owner's address and for a VIP, spread over a window. Any
# advert ends them, and so does an answer for the VIP. If there is none in the whole window, keepalived of this host gets an
# advert of priority 0 in the owner's name: it elects as if the owner had released the VIPs. Nothing of that leaves this host:
# see src/owner-probe/advert-path.ts.
#
# The VIP tells more than the address: the gate of an owner's agent answers for VIPs only while the container lives. So an
# answer for the owner's address ends the questions only if its kernel never answered for the VIP. Otherwise it shows that
# questions reach the owner, which then gets a second window.
#
# A takeover needs all of this; else the group is left to keepalived's own timer:
# - the owner has been the only sender of the group's adverts for a while, so forged adverts in another name prove nothing
# - its kernel has answered questions of this host before, so ARP reaches it, and as fast as the last rounds need it
# - another machine on the link answers before those, or the owner for its address, so this host is not the one that is cut off
# - this program was not stopped meanwhile, and has read all that came
#
# Kept of a machine, all times those of a monotonic clock:    of a group:
#   asked_at     a question was sent                             owner         the sender of its adverts; empty: unknown
#   answered_at  it answered this host                           since         it is the only sender since then
#   heard_at     it sent an answer or an advert                  heard_at      of its latest advert
#   spoke_at     it sent an advert                               restarted_at  something may have been missed until then
#   misses       renewals in a row without an answer             interval      of its adverts, in seconds
#   delay        of the answer to a renewal, in seconds          asking        the window: begin, since, asked, asked_at, next_at, is_reached
#
# owner-probe-questions.pl, owner-probe-heard.pl and owner-probe-plan.pl come after this text.
#
# stdin, one plan a block of lines:
#   probe-tap NAME PROTOCOL FILTER
#   probe-machine NAME ADDRESS PROTOCOL MAC HEX WITNESS
#   probe-group GROUP NAME PROTOCOL TYPE VRID OWN VIP INTERVAL VIA
#   probe-owner GROUP ADDRESS DELAY ADVERT
#   probe-go WINDOW
# DELAY: seconds in which other hosts ask before this one.
# OWN: where the group's adverts come to. VIA: where the advert to this host's keepalived is sent.
#
# stdout, each line begins with `owner-probe`:
#   ready GROUP OWNER      the owner would be asked
#   unready GROUP          nobody would
#   cut-off GROUP OWNER    no other machine answered either
#   took GROUP OWNER QUESTIONS WINDOW SILENCE ANSWERED    times in ms; ANSWERED is 1 where it answered for its address
package OwnerProbe;
use strict;
use Socket qw(:DEFAULT pack_sockaddr_in6 IPPROTO_IP);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC CLOCK_REALTIME);

my $LATE = 0.005;           # seconds behind its interval, after which an advert is late
my $QUESTIONS = 5;          # in one window
my $RENEWAL = 30;           # seconds after an answer, after which a machine is asked again
my $STEADY_INTERVALS = 3;   # for which an owner must have been the only one
my $STEADY = 0.5;           # seconds of the same, at least: twice as long as an owner on a host that forks much stands still
my $PAUSE = 10;             # seconds between two takeovers of one group
my $MAX_STALL = 0.1;        # seconds that this program may wake late, or half an interval: then an owner gets its interval anew
my ($RATE, $BURST) = (100, 250);  # questions a second, and at once
my $MIN_WAIT = 0.002;       # seconds between two turns
my ($IP_MULTICAST_IF, $IP_ADD_MEMBERSHIP, $SO_PRIORITY) = (32, 35, 12);
my $TAG = 0x6b617602;       # as in src/owner-probe/release-table.ts
my ($ETHER_ARP, $ETHER_IPV6) = (0x0806, 0x86dd);

my $window = 0;
my (%groups, %machines, %answer_taps);   # the plan in force
my %by_router;                    # groups by interface, protocol and VRID
my %took_at;                      # by group, also of one that left the plan
my %crowd;                        # how many groups an owner has
my %witnesses;                    # machines by interface
my ($drained_at, $due, $ran_at, $promised) = (0, 0, 0, 0);
my ($credit, $credited_at) = (0, 0);

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

# The owner would be asked if it fell silent now.
sub is_ready {
  my ($group, $now) = @_;
  return 0 if $group->{owner} eq "" || $now < ($took_at{$group->{key}} // -$PAUSE) + $PAUSE;
  return 0 if wait_of($group) + $window >= $STEADY_INTERVALS * $group->{interval};   # keepalived's own timer ends before
  return 0 if $now < steady_at($group);
  return 0 unless is_known(owner_of($group), $now) && is_quick(owner_of($group)) && is_quick(vip_of($group));
  return is_seen_by_vip($group, $now) || scalar grep { is_known($_, $now) } witnesses($group);
}

# From then on the owner may be asked: another one, which is late, would have been heard, or keepalived would have replaced it.
sub steady_at { my $group = shift; return $group->{since} + most($STEADY, $STEADY_INTERVALS * $group->{interval}) }

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
  my $begin = most(alive_at($group, $now) + wait_of($group), steady_at($group));
  return plan_turn($begin) if $now < $begin;
  return if !is_ready($group, $now);
  my $asking = $group->{asking};
  $asking = $group->{asking} = {begin => $begin, since => $now, asked => 0, asked_at => [0, 0], next_at => $now, is_reached => 0} if $asking->{begin} != $begin;
  if ($now >= $asking->{next_at}) {
    return conclude($key, $group, $now) if $asking->{asked} >= rounds_of($group);
    if (ask_about($group, $now)) { ($asking->{asked}, $asking->{asked_at}) = ($asking->{asked} + 1, [$asking->{asked_at}[1], now()]) }
    $asking->{next_at} = next_at($group);
  }
  plan_turn($asking->{next_at});
}

# An owner that answers, but not for the VIP, is asked for a second window: of many VIPs, one answer is soon lost.
sub rounds_of { my $group = shift; return answers_itself($group) ? 2 * $QUESTIONS : $QUESTIONS }

sub answers_itself { my $group = shift; return owner_of($group)->{answered_at} >= $group->{asking}{since} ? 1 : 0 }

# Nobody has answered in a whole window.
sub conclude {
  my ($key, $group, $now) = @_;
  my $asking = $group->{asking};
  my ($owner, $is_answered) = ($group->{owner}, answers_itself($group));
  my $send = $asking->{is_reached} && release($group, $owner);
  $group->{owner} = "";   # until it is heard again
  return report("cut-off", $key, $owner) unless $asking->{is_reached};
  return unless $send;
  $took_at{$key} = $now;
  my @ms = map { sprintf "%.0f", 1000 * $_ } $now - $asking->{since}, $now - $group->{heard_at};
  report("took", $key, $owner, $asking->{asked}, @ms, $is_answered);   # before keepalived can say that it is the owner
  $send->() or delete $took_at{$key};
}

# What tells keepalived of this host that the owner has released the VIPs. Nothing where the kernel refuses it.
sub release {
  my ($group, $owner) = @_;
  my ($is_ipv6, $via) = ($group->{protocol} == $ETHER_IPV6, pack "H*", $group->{via});
  my $index = main::interface_index($group->{name});
  my $scope = $group->{via} =~ /^fe[89ab]/ ? $index : 0;
  my $to = $is_ipv6 ? pack_sockaddr_in6(0, $via, $scope) : pack_sockaddr_in(0, $via);
  socket(my $raw, $is_ipv6 ? AF_INET6 : AF_INET, SOCK_RAW, 255) or return;   # IPPROTO_RAW: with its header
  return if !$is_ipv6 && $group->{is_multicast} && !join_group($raw, $via, $index);
  my $advert = pack "H*", $group->{owners}{$owner}{advert};
  return sub { send($raw, $advert, 0, $to) };
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

sub now { return clock_gettime(CLOCK_MONOTONIC) }

sub most { my $most = shift; for (@_) { $most = $_ if $_ > $most } return $most }

sub plan_turn { my $at = shift; $due = $at if $at < $due }

sub report { print "owner-probe @_\n" if main::can_print() }

