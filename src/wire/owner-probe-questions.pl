# Whom the owner probe asks, when, and what it knows of those machines.
#
# A machine is asked now and then, so that it is known whom questions reach; and the late owner, in rounds.
my $RETRY = 3;              # seconds after a question without an answer
my $MAX_MISSES = 3;         # such questions, after which it is not known; further ones are as rare as those after an answer
my $KNOWN = 100;            # seconds for which an answer shows that questions reach a machine
my $FEW = 10;               # groups of an owner whose VIPs are all asked for in each round
my $FOR_VIPS = 230;         # of the questions at once: what is left are those for the owner and the witnesses, in two windows
my @WITNESSES_OF_ROUND = ([0, 1], [2, 3], [4]);   # which are asked: five, or each of a few again. Answers to later rounds come too late
my $LAST_ROUNDS = 2;        # in which the VIP of each group is asked for, however many there are; an answer comes within their time

# Whether the question was sent: otherwise there are too many.
sub ask {
  my ($machine, $mac) = @_;
  return 0 if $credit < 1;
  $credit -= 1;
  $machine->{asked_at} = now();
  main::send_packet([$machine->{name}, $machine->{protocol}, $mac // $machine->{all}, $machine->{question}]);
  return 1;
}

# One round of questions: for the owner, for the VIP, and for machines that show that this host is not cut off. They may be gone
# together with the owner, so several are asked. Groups with one owner share those for machines. The order changes, so that a path that loses each second packet does not lose all answers
# for the VIP. Two rounds go to all machines: the owner may have got another MAC address.
sub ask_about {
  my ($group, $now) = @_;
  my ($owner, $asking) = (owner_of($group), $group->{asking});
  my $round = $asking->{asked};
  my @known = grep { is_known($_, $now) } witnesses($group);
  my $is_answered = grep { $_->{answered_at} >= $asking->{since} } $owner, witnesses($group);
  $asking->{is_reached} = 1 if $is_answered && $round <= $QUESTIONS - $LAST_ROUNDS;
  my $to = $round % $QUESTIONS == 2 || $round % $QUESTIONS == 4 ? undef : $owner->{mac};
  my @round = [$owner, $to];
  push @round, [vip_of($group), $to] if asks_for_vip($round, $crowd{"$group->{name} $group->{owner}"});
  @round = reverse @round if $round % 2;
  push @round, map { [$_, $_->{mac}] } some_of($WITNESSES_OF_ROUND[$round], @known);
  my @due = grep { $now >= $_->[0]{asked_at} + $window / $QUESTIONS / 2 } @round;
  return 0 if $credit < @due;
  ask(@$_) for @due;
  return 1;
}

# Of many groups the VIPs are asked for in the last rounds of a window, and in as many of a second one as the questions last for.
sub asks_for_vip {
  my ($round, $groups) = @_;
  return 1 if $groups <= $FEW;
  return $round >= $QUESTIONS - $LAST_ROUNDS if $round < $QUESTIONS;
  return $round >= 2 * $QUESTIONS - most($LAST_ROUNDS, int($FOR_VIPS / $groups) - $LAST_ROUNDS);
}

# The machines at those places, counted round and round; each once.
sub some_of {
  my ($places, @machines) = @_;
  my %at = map { $_ % @machines => 1 } @machines ? @{$places // []} : ();
  return @machines[sort { $a <=> $b } keys %at];
}

# Each round has its time in the window, so that late turns do not add up. The last two rounds have what an answer may take.
sub next_at {
  my $group = shift;
  my ($asking, $step) = ($group->{asking}, $window / $QUESTIONS);
  my $planned = $asking->{since} + $asking->{asked} * $step;
  return most($planned, now() + $step / 2) if $asking->{asked} < rounds_of($group);
  return most($planned, $asking->{asked_at}[0] + $LAST_ROUNDS * $step, $asking->{asked_at}[1] + $step);
}

# Asks machines again now and then, so that it is known whom questions reach.
sub renew {
  my $now = shift;
  my %mac;   # by machine: the owner's MAC address for its VIPs, too
  my @due = map { @$_ } values %witnesses;
  for my $group (grep { $_->{owner} ne "" } values %groups) {
    my ($owner, $vip) = (owner_of($group), vip_of($group));
    $mac{$vip} = $owner->{mac};
    push @due, $owner, $vip;
  }
  for my $machine (@due) {
    if ($now >= renewed_at($machine)) {
      ask($machine, is_known($machine, $now) ? $mac{$machine} // $machine->{mac} : undef) or next;
      $machine->{misses} += 1;
    }
    plan_turn(renewed_at($machine));
  }
}

# A slow answer may have been chance, so it is asked again soon, too.
sub renewed_at {
  my $machine = shift;
  my $is_doubtful = $machine->{misses} ? $machine->{misses} <= $MAX_MISSES : !is_quick($machine);
  return $machine->{asked_at} + ($is_doubtful ? $RETRY : $RENEWAL);
}

sub machine_of { my ($group, $address) = @_; return $machines{"$group->{name} $address"} }

sub owner_of { my $group = shift; return machine_of($group, $group->{owner}) }

sub vip_of { my $group = shift; return machine_of($group, $group->{vip}) }

sub witnesses {
  my $group = shift;
  return grep { $_->{address} ne $group->{owner} } @{$witnesses{$group->{name}} // []};
}

sub is_known {
  my ($machine, $now) = @_;
  return $machine && $machine->{answered_at} && $now < $machine->{answered_at} + $KNOWN && $machine->{misses} < $MAX_MISSES;
}

# Whether its answer to a question of the last rounds comes in time.
sub is_quick { my $machine = shift; return $machine->{delay} < $window * $LAST_ROUNDS / $QUESTIONS }

# Whether the owner's kernel has answered for the VIP: then it is gone once it does so no more.
sub is_seen_by_vip {
  my ($group, $now) = @_;
  my ($owner, $vip) = (owner_of($group), vip_of($group));
  return is_known($vip, $now) && $vip->{mac} eq $owner->{mac};
}

