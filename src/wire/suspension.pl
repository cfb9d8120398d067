# Looks whether processes are suspended, by a signal or a debugger: this program wakes four times a second, and the agent
# should not.
#
# stdin:                 stdout:
#   suspension PID ...     suspension     one of them is; told again while it lasts
package Suspension;
use strict;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $LOOK_PAUSE = 0.02;     # seconds between two looks, at least. At most it is the pause of the main loop more
my $TELL_PAUSE = 0.2;      # seconds between two lines, at least: an agent that is suspended, too, must have room for adverts
my @watched;
my ($looked_at, $told_at) = (0, 0);

# Called whenever the main loop wakes.
sub run {
  @watched or return;
  my $now = clock_gettime(CLOCK_MONOTONIC);
  return if $now < $looked_at + $LOOK_PAUSE;
  $looked_at = $now;
  my $count = grep { (Lease::process_state($_) // "") =~ /[Tt]/ } @watched;
  if (!$count) { $told_at = 0 }
  elsif ($now >= $told_at + $TELL_PAUSE && main::can_print()) {
    $told_at = $now;
    print "suspension\n";
  }
}

sub take_line {
  @watched = grep { defined } map { scalar Lease::find_process($_) } @_;
}

package main;
