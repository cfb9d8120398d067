# Runs src/wire/owner-probe*.pl with a clock of its own and a network of its own, so that chance and load decide nothing.
#
# The owner sends an advert each 0.2 s for `calm` seconds. From then on it does what the arguments say, for 5 s. Prints `took AFTER GROUPS`
# where this host took over: the seconds from the owner's last advert to the last takeover, and how many; and `ready` where it would
# have asked before that.
#
# Arguments, NAME=VALUE; seconds, but for numbers:
#   calm=S         100 unless told
#   groups=N       VIPs of the owner
#   answers=S      time of its answers                    gateway=S      the same of the gateway
#   dead=1         the owner is gone then                 container=1    it answers for its address alone then
#   late=S         its next advert is late by so much, and the others are in time
#   loss=SHARE     of the owner's answers, from then on   seed=N
#   cut=S          from then on this host's cable is out, until so long after its first question
#   deafSince=S    since then the owner does not answer for its VIPs
#   announces=1    the owner answers nobody for its VIPs, and announces them to all each second
#   others=N       machines that answer until then, besides the owner and the gateway
#   slow=S         all that comes to this host comes so much later then
#   forged=N       so many adverts come in the name of a member that is gone then, each 0.2 s
#   wakes=S        this program runs so much later than it wants to
use strict;

package main;
my %o = (
  calm => 100, groups => 1, answers => 0.0005, gateway => 0.0005, dead => 0, container => 0, late => 0, loss => 0, seed => 1, cut => 0,
  deafSince => 1e9, announces => 0, forged => 0,
  others => 0, slow => 0, wakes => 0,
);
for (@ARGV) {
  my ($name, $value) = split /=/;
  die "no option: $name" unless exists $o{$name};
  $o{$name} = $value;
}
srand $o{seed};

my ($OWNER, $GATEWAY, $OWN, $MEMBER) = qw(c633640c c63364fe c633640b c633640d);
my @others = map { sprintf "%08x", 0xc63364a0 + $_ } 1 .. $o{others};
my @vips = map { sprintf "%08x", 0xc6336500 + $_ } 1 .. $o{groups};
my $t = 10_000;
my $fault_at = $t + $o{calm};
my $first_question_at;
my (@answers, $arrived_at, @released);

sub least { my ($left, $right) = @_; return $left < $right ? $left : $right }
sub can_print { return 1 }
sub interface_index { return 7 }
sub attach_filter { return }

sub is_down { return $t >= $fault_at && $o{cut} && (!$first_question_at || $t < $first_question_at + $o{cut}) }

# A question is the address alone. The answer comes as the machine and the fault have it.
sub send_packet {
  my $address = (@{+shift})[3];
  $first_question_at //= $t if $t > $fault_at;
  return if is_down();
  my $has_fault = $t >= $fault_at;
  my $slow = $has_fault ? $o{slow} : 0;
  if ($address eq $GATEWAY) { push @answers, [$t + $o{gateway} + $slow, $address]; return }
  if (grep { $address eq $_ } $MEMBER, @others) { push @answers, [$t + $o{answers}, $address] unless $has_fault; return }
  my $is_vip = $address ne $OWNER;
  return if $has_fault && ($o{dead} || $o{container} && $is_vip || rand() < $o{loss});
  return if $is_vip && ($t >= 10_000 + $o{deafSince} || $o{announces});
  push @answers, [$t + $o{answers} + $slow, $address];
}

package OwnerProbe;
no warnings "redefine";
*OwnerProbe::now = sub { return $t };
*OwnerProbe::received_at = sub { return $arrived_at };
*OwnerProbe::release = sub { return sub { push @released, $t } };
*OwnerProbe::report = sub { };
*OwnerProbe::read_answers = sub {
  for (sort { $a->[0] <=> $b->[0] } grep { $_->[0] <= $t } @answers) {
    ($arrived_at, my $address) = @$_;
    take_reply($address, 1);
  }
  @answers = grep { $_->[0] > $t } @answers;
};

sub plan {
  take_line("probe-tap", "eth0", 0x0806, "filter");
  take_line("probe-machine", "eth0", $GATEWAY, 0x0806, "f" x 12, $GATEWAY, 1);
  take_line("probe-machine", "eth0", $_, 0x0806, "f" x 12, $_, 0) for $OWNER, @vips;
  take_line("probe-machine", "eth0", $MEMBER, 0x0806, "f" x 12, $MEMBER, 1) if $o{forged};
  take_line("probe-machine", "eth0", $_, 0x0806, "f" x 12, $_, 1) for @others;
  for my $index (0 .. $#vips) {
    my $vrid = $index + 1;
    take_line("probe-group", "eth0/$vrid", "eth0", 0x0800, 0x31, $vrid, $OWN, $vips[$index], 0.2, $OWN);
    take_line("probe-owner", "eth0/$vrid", $_, 0, "00") for $OWNER, $o{forged} ? $MEMBER : ();
  }
  take_line("probe-go", 0.04);
}

# An advert of each group, that came just now.
sub hear {
  my ($source, $mac) = @_;
  ($arrived_at) = ($t);
  return if main::is_down();
  for my $index (0 .. $#vips) {
    my $header = pack "C x7 C C x2 H8 H8", 0x45, 255, 112, $source, $OWN;
    my $advert = pack "C C C C n x2 H8", 0x31, $index + 1, 250, 1, 20, $vips[$index];
    note_packet({name => "eth0", protocol => 0x0800, handle => 1}, $header . $advert, $mac);
  }
}

sub announce {
  $arrived_at = $t;
  take_reply($_, 0) for @vips;
}

# An ARP reply of the owner or the gateway.
sub take_reply {
  my ($address, $is_for_us) = @_;
  my $reply = pack "x6 n x6 H8 x10", 2, $address;
  take_answer({name => "eth0", protocol => 0x0806, handle => 1}, $reply, "020000000012", $is_for_us);
}

sub is_ready_now { my ($group) = values %groups; return is_ready($group, now()) }

package main;
OwnerProbe::plan();
my ($advert_at, $announce_at, $heard_at, $was_ready, $is_late) = ($t, $t + 0.5, 0, 0, 0);
my ($loop_at, $forged_at) = ($t, $fault_at + 0.01);
while ($t < $fault_at + 5) {
  # adverts come between two turns of the program
  my $next = least($loop_at, $o{forged} ? least($advert_at, $forged_at) : $advert_at);
  $t = $next;
  if ($advert_at <= $t) {
    my $is_gone = $t >= $fault_at && ($o{dead} || $o{container});
    if (!$is_gone) { OwnerProbe::hear($OWNER, "020000000012"); $heard_at = $t unless @released }
    $advert_at += 0.2;
    if ($o{late} && !$is_late && $advert_at > $fault_at) { ($is_late, $advert_at) = (1, $advert_at + $o{late}) }
    $loop_at = $t;   # a packet wakes the program
  }
  if ($o{forged} && $forged_at <= $t) {
    OwnerProbe::hear($MEMBER, "020000000013");
    $o{forged} -= 1;
    $forged_at += 0.2;
    $loop_at = $t;
  }
  if ($o{announces} && $announce_at <= $t) { OwnerProbe::announce(); $announce_at += 1 }
  $was_ready ||= OwnerProbe::is_ready_now() if $t >= $fault_at - 0.3 && $t < $fault_at;
  if ($loop_at <= $t) {
    OwnerProbe::run();
    $loop_at = $t + OwnerProbe::wait_for(0.25) + $o{wakes};
  }
}
print "ready\n" if $was_ready;
printf "took %.3f %d\n", $released[-1] - $heard_at, scalar @released if @released;
