# Gives the VIPs that are on this host a lifetime, and renews it. When everything on this host is killed or frozen, nothing
# renews it any more, and the kernel removes the VIPs.
#
# A renewal never brings back a VIP that was just released. It carries the flag IFA_F_MCAUTOJOIN, with which the kernel
# refuses an absent address (it is no multicast group) and renews a present one, in one step. Older kernels do not know the
# flag and would add the address, so that is tried on `lo` first.
#
# Nothing is renewed while the agent has been silent for too long, or keepalived's VRRP process is suspended or gone.
#
# stdin:                                        stdout:
#   lease-vip INTERFACE FAMILY HEX                 lease able FAMILY           the kernel refuses absent addresses
#   lease-go SECONDS ADOPT PID_FILE                lease unable FAMILY REASON  it does not, or that is not known yet
#   beat                                           lease alive                 after `beat ask`
#   beat ask
package Lease;
use strict;
use Socket;
use Time::HiRes qw(clock_gettime CLOCK_BOOTTIME);

my $RENEWALS = 4;             # in one lifetime
my $EARLY = 0.05;             # seconds that a renewal may come early: the main loop wakes only now and then
my $AGENT_SILENT = 6;         # seconds without a beat, after which nothing is renewed: the watchdog's 5 s come first
my $SEARCH_INTERVAL = 1;      # seconds between two searches for VIPs that came
my $EAGER = 2;                # seconds after a plan or the loss of a VIP, in which it searches at each turn
my $TURN = 0.005;             # seconds that a turn of the main loop takes at most, unless something comes
my $MAX_BATCH = 100;          # messages in one datagram
my $FOREVER = 0xffffffff;

my ($NEWADDR, $DELADDR, $GETADDR, $NLMSG_ERROR, $NLMSG_DONE) = (20, 21, 22, 2, 3);
my ($REQUEST, $REPLACE, $DUMP, $IFA_F_MCAUTOJOIN) = (0x1, 0x100, 0x300, 0x400);
my ($IFA_ADDRESS, $IFA_LOCAL, $IFA_CACHEINFO, $IFA_FLAGS) = (1, 2, 6, 8);
my ($ENODEV, $EINVAL, $EOPNOTSUPP) = (19, 22, 95);
my $LOOPBACK_INDEX = 1;
# unused addresses, for the trial on lo
my %TRIAL_ADDRESS = (2 => "7f6c6561", 10 => "01000000000000000000006c65617365");

my ($seconds, $may_adopt, $pid_file) = (0, 0, "");
my (%wanted, %planned);         # "INTERFACE FAMILY HEX" of each VIP
my %leased;                   # the message that renews each VIP that has a lifetime, by the same key
my %is_able;                  # by family
my %said;                     # the last line about each family
my ($beat_at, $renewed_at, $searched_at, $eager_until) = (0, 0, 0, 0);
my $must_search = 0;
my $keepalived;               # its VRRP process
my %processes;                # those that somebody has asked for, by pid
my $sequence = 0;

socket(my $kernel, 16, SOCK_RAW, 0) or die "perl: a netlink socket: $!\n";
bind($kernel, pack "S S L L", 16, 0, 0, 0) or die "perl: a netlink port: $!\n";

# Seconds of a monotonic clock, without a system call.
sub now { return clock_gettime(CLOCK_BOOTTIME) }

# Under which the kernel announces what this program has changed.
sub port { return unpack "x4 L", getsockname $kernel }

sub message {
  my ($type, $flags, $body) = @_;
  return pack("L S S L L", 16 + length $body, $type, $REQUEST | $flags, ++$sequence, 0) . $body;   # struct nlmsghdr
}

sub attribute {
  my ($type, $value) = @_;
  my $length = 4 + length $value;
  return pack("S S a*", $length, $type, $value) . "\0" x (-$length & 3);
}

sub attributes_of {
  my $text = shift;
  my %attributes;
  while (length $text >= 4) {
    my ($length, $type) = unpack "S S", $text;
    last if $length < 4;
    $attributes{$type} = substr $text, 4, $length - 4;
    substr($text, 0, ($length + 3) & ~3) = "";
  }
  return \%attributes;
}

# The messages in a datagram, each as type, sequence number and body.
sub messages_of {
  my $text = shift;
  my @messages;
  while (length $text >= 16) {
    my ($length, $type, undef, $number) = unpack "L S S L", $text;
    last if $length < 16;
    push @messages, [$type, $number, substr($text, 16, $length - 16)];
    substr($text, 0, ($length + 3) & ~3) = "";
  }
  return @messages;
}

# What the kernel has answered.
sub receive {
  my $flags = shift;
  defined recv($kernel, my $text, 65536, $flags) or return;
  return messages_of($text);
}

# Sends messages that the kernel answers only where it refuses them. Returns the errors by sequence number.
sub request {
  my $first = $sequence - @_ + 1;
  my %errors;
  send($kernel, join("", @_), 0) or return +{ map { $_ => $! + 0 } $first .. $sequence };
  while (my @answers = receive(MSG_DONTWAIT)) {
    for (@answers) {
      my ($type, $number, $body) = @$_;
      $errors{$number} = -unpack "l", $body if $type == $NLMSG_ERROR && $number >= $first;
    }
  }
  return \%errors;
}

# All addresses of a family. An answer that is cut short ends the list: what is missing is found by the next search.
sub addresses {
  my $family = shift;
  my $query = message($GETADDR, $DUMP, pack "C4 L", $family, 0, 0, 0, 0);   # struct ifaddrmsg
  send($kernel, $query, 0) or return;
  my @found;
  while (my @answers = receive(0)) {
    for (@answers) {
      my ($type, $number, $body) = @$_;
      next if $number != $sequence;
      return @found if $type == $NLMSG_DONE || $type == $NLMSG_ERROR;
      push @found, $body if $type == $NEWADDR;
    }
  }
  return @found;
}

# The message that renews an address and leaves all else of it as it is: prefix, label, scope, flags, metric, protocol. An
# IPv6 VIP is deprecated, which is a preferred lifetime of 0, so that the host does not send from it.
sub renewal {
  my ($header, $attributes) = @_;
  my $preferred = unpack "L", $attributes->{$IFA_CACHEINFO};
  my $flags = defined $attributes->{$IFA_FLAGS} ? unpack "L", $attributes->{$IFA_FLAGS} : unpack "x2 C", $header;
  my %new = (
    %$attributes,
    $IFA_CACHEINFO => pack("L4", $preferred == 0 ? 0 : $seconds, $seconds, 0, 0),
    $IFA_FLAGS => pack("L", $flags | $IFA_F_MCAUTOJOIN),
  );
  return $header . join "", map { attribute($_, $new{$_}) } sort { $a <=> $b } keys %new;
}

sub say_once {
  my ($family, $line) = @_;
  print "lease $line\n" if ($said{$family} // "") ne $line;
  $said{$family} = $line;
}

# Whether the kernel refuses an absent address: it is asked to add one to lo for a second.
sub try_kernel {
  my $family = shift;
  my $bits = 4 * length $TRIAL_ADDRESS{$family};
  my $address = pack "H*", $TRIAL_ADDRESS{$family};
  my $header = pack "C4 L", $family, $bits, 0, 0, $LOOPBACK_INDEX;
  my %attributes = ($IFA_LOCAL => $address, $IFA_ADDRESS => $address, $IFA_CACHEINFO => pack "L4", 1, 1, 0, 0);
  my $body = $header . join "", map { attribute($_, $attributes{$_}) } sort { $a <=> $b } keys %attributes;
  my $trial = $body . attribute($IFA_FLAGS, pack "L", $IFA_F_MCAUTOJOIN);
  my ($error) = values %{request(message($NEWADDR, $REPLACE, $trial))};
  if (!defined $error) {
    request(message($DELADDR, 0, $body));
    $is_able{$family} = 0;
    return say_once($family, "unable $family the kernel adds an absent address");
  }
  if ($error == $EINVAL || $error == $EOPNOTSUPP) {
    $is_able{$family} = 1;
    return say_once($family, "able $family");
  }
  $! = $error;
  say_once($family, "unable $family $!");
}

# Finds VIPs that came to their interfaces. One without a lifetime gets one only where the agent allows that.
sub search {
  my %family = map { (split / /)[1] => 1 } keys %wanted;
  for my $family (keys %family) {
    try_kernel($family) unless defined $is_able{$family};
    next unless $is_able{$family};
    my (%index, %key);   # a host may have hundreds of interfaces: only those of VIPs are looked at
    for (keys %wanted) {
      my ($link, $of, $address) = split / /;
      $key{$index{$link} //= main::interface_index($link)}{$address} = $_ if $of == $family;
    }
    for my $found (addresses($family)) {
      my $header = substr $found, 0, 8;
      my $keys = $key{unpack "x4 L", $header} // next;
      my $attributes = attributes_of(substr $found, 8);
      my $address = unpack "H*", $attributes->{$IFA_LOCAL} // $attributes->{$IFA_ADDRESS} // "";
      my $key = $keys->{$address} // next;
      my $valid = unpack "x4 L", $attributes->{$IFA_CACHEINFO} // next;
      $leased{$key} = renewal($header, $attributes) if $may_adopt || $valid != $FOREVER;
    }
  }
}

# A VIP that the kernel refuses as absent is not renewed again before a search has found it.
sub renew {
  my @keys = keys %leased;
  while (my @batch = splice @keys, 0, $MAX_BATCH) {
    my $first = $sequence + 1;
    my $errors = request(map { message($NEWADDR, $REPLACE, $leased{$_}) } @batch);
    for my $number (keys %$errors) {
      next unless $errors->{$number} == $EINVAL || $errors->{$number} == $ENODEV;
      delete $leased{$batch[$number - $first]};
      $eager_until = $renewed_at + $EAGER;
    }
  }
}

# A process whose state is asked for again and again; undefined where it is gone. All who ask for the same one share it.
sub find_process {
  my $pid = shift;
  delete @processes{grep { !defined process_state($processes{$_}) } keys %processes};   # the number may be another's now
  return $processes{$pid} if $processes{$pid};
  open(my $stat, "<", "/proc/$pid/stat") or return;
  return $processes{$pid} = {stat => $stat, read_at => 0};
}

# The letter of a process's state, read once in a turn of the main loop; undefined where it is gone.
sub process_state {
  my $process = shift // return;
  my $now = now();
  return $process->{state} if $now < $process->{read_at} + $TURN;
  $process->{read_at} = $now;
  undef $process->{state};
  sysseek($process->{stat}, 0, 0);
  sysread($process->{stat}, my $text, 512) or return;
  my $state = substr $text, rindex($text, ") ") + 2, 1;   # behind the program's name, which may have both characters
  return $state =~ /[ZXx]/ ? undef : ($process->{state} = $state);
}

# Without a pid file nothing is known of keepalived, as at its start.
sub keepalived_serves {
  my $state = process_state($keepalived);
  if (!defined $state) {
    undef $keepalived;
    open(my $file, "<", $pid_file) or return 1;
    my ($pid) = (<$file> // "") =~ /^(\d+)/ or return 1;
    $keepalived = find_process($pid) // return 0;
    $state = process_state($keepalived) // return 0;
  }
  return $state !~ /[Tt]/;
}

# Called whenever the main loop wakes.
sub run {
  return if !$seconds || !%wanted;
  my $now = now();
  my $is_due = $now >= $renewed_at + $seconds / $RENEWALS - $EARLY;
  my $pause = $now < $eager_until ? 0.2 : $SEARCH_INTERVAL;
  my $is_search_due = $must_search || keys %leased < keys %wanted && $now >= $searched_at + $pause;
  return unless $is_due || $is_search_due;
  return if $now > $beat_at + $AGENT_SILENT || !keepalived_serves();
  if ($is_search_due) {
    my $count = keys %leased;
    ($searched_at, $must_search) = ($now, 0);
    search();
    $is_due ||= keys %leased > $count;
  }
  return unless $is_due;
  $renewed_at = $now;
  renew();
}

sub take_line {
  my ($word, @rest) = @_;
  $beat_at = now();
  if ($word eq "beat") { print "lease alive\n" if @rest }
  elsif ($word eq "lease-vip") { $planned{"@rest"} = 1 }
  elsif ($word eq "lease-go") {
    ($seconds, $may_adopt, $pid_file) = ($rest[0], $rest[1], join " ", @rest[2 .. $#rest]);
    undef $keepalived;
    %wanted = %planned;
    %planned = ();
    delete @leased{grep { !$wanted{$_} } keys %leased};
    ($must_search, $renewed_at, $eager_until) = (1, 0, $beat_at + $EAGER);
  }
}

package main;
