# Watches the tables of iptables-legacy, and prints a line when one of them changed.
#
# The kernel announces no change of these tables. One system call tells a table's number of rules, its size and where its
# hooks begin. Each poll compares those, because that costs next to nothing. A rewrite may keep all of them, as where a
# container got another address, so the rules themselves are compared, too, but less often.
#
# The kernel creates a table that is asked for and not there. So each poll first reads the kernel's list of tables.
#
# It needs CAP_NET_ADMIN. A line on stdin asks whether it runs. Lines on stdout:
#   alive          it has polled all tables, and runs
#   changed        a table is not what it was at the poll before
#   refused WHY    this machine does not let it; it ends
use strict;
use Config;
$| = 1;

my $POLL_INTERVAL = 0.1;          # seconds between two polls
my $POLLS_PER_READ = 3;           # polls between two reads of the rules of a small table
my $READ_RATE = 32768;            # bytes of one table's rules that are read for each poll, so a large one is read less often
my $MAX_READ_BYTES = 1 << 18;     # larger tables, of some 1,400 rules, are not read
my @WATCHED = qw(nat raw mangle filter);

# Perl's own getsockopt cannot pass the name of a table in
my %GETSOCKOPT = (x86_64 => 55, aarch64 => 209);
my $getsockopt = $GETSOCKOPT{(split /-/, $Config{archname})[0]} // refuse("no number of getsockopt for $Config{archname}");

# struct ipt_getinfo, ipt_get_entries and ipt_entry, and those of IPv6: only the entries differ
my ($GET_INFO, $GET_ENTRIES, $INFO_BYTES, $ENTRIES_HEAD) = (64, 65, 84, 40);
my ($AF_INET, $AF_INET6, $SOCK_DGRAM) = (2, 10, 2);
my ($ENOENT, $EINTR, $EAGAIN, $ENOMEM) = (2, 4, 11, 12);
my @families = (
  { domain => $AF_INET, level => 0, list => "/proc/net/ip_tables_names", next_at => 90, counters_at => 96 },
  { domain => $AF_INET6, level => 41, list => "/proc/net/ip6_tables_names", next_at => 142, counters_at => 152 },
);
$_->{text} = "" for @families;

sub refuse {
  print "refused @_\n";
  exit;
}

# The bytes that the kernel gives for a table; undefined where it changed meanwhile.
sub ask {
  my ($family, $option, $request) = @_;
  my $length = pack "I", length $request;
  return $request if syscall($getsockopt, $family->{fileno}, $family->{level}, $option, $request, $length) == 0;
  refuse("getsockopt: $!") unless grep { $! == $_ } $ENOENT, $EINTR, $EAGAIN, $ENOMEM;
  return;
}

# The list stays open, because that costs a third. It is opened again where its module was loaded anew.
sub list_of {
  my $family = shift;
  for (1 .. 2) {
    if (!$family->{handle} && !open($family->{handle}, "<", $family->{list})) {
      refuse("$family->{list}: $!") unless $! == $ENOENT;
      undef $family->{handle};
      return "";   # the kernel has no such tables
    }
    my $list;
    return $list if sysseek($family->{handle}, 0, 0) && defined sysread($family->{handle}, $list, 4096);
    undef $family->{handle};
  }
  return "";
}

# The tables that are there, and those that were.
sub update_tables {
  my ($family, $list) = @_;
  $family->{text} = $list;
  my %is_there = map { ($_ => 1) } split /\n/, $list;
  for my $name (@WATCHED) {
    my $table = $family->{tables}{$name};
    if ($table) { $table->{is_there} = $is_there{$name} }
    elsif ($is_there{$name}) {
      my $question = pack "a$INFO_BYTES", $name;
      $family->{tables}{$name} = { name => $name, is_there => 1, question => $question, info => "", rules => "", mask => "", wait => 0 };
    }
  }
}

# What leaves out the counts of packets, which are in each entry.
sub mask_of {
  my ($family, $entries) = @_;
  my ($next_at, $counters_at) = @$family{qw(next_at counters_at)};
  my $mask = "\xff" x length $entries;
  for (my $at = $ENTRIES_HEAD; $at + $counters_at + 16 <= length $entries;) {
    substr($mask, $at + $counters_at, 16) = "\0" x 16;
    $at += unpack("S", substr $entries, $at + $next_at, 2) || last;
  }
  return $mask;
}

# Whether a table is not what it was. What it is compared with later was read before the agent reads it, so no change is missed.
sub has_changed {
  my ($family, $table) = @_;
  my $info = $table->{is_there} ? ask($family, $GET_INFO, $table->{question}) : "";
  return 0 unless defined $info;
  my $is_same = $info eq $table->{info};
  return 0 if $is_same && ($info eq "" || $table->{wait}-- > 0);
  my $size = $info eq "" ? 0 : unpack "x80 I", $info;
  my $is_read = $size > 0 && $size <= $MAX_READ_BYTES;
  my $entries = $is_read ? ask($family, $GET_ENTRIES, pack "a32 I x4 x$size", $table->{name}, $size) // "" : "";
  # only the mask of before tells whether the rules are those of before, and then it is right for these, too
  $is_same &&= length $entries == length $table->{mask} && ($entries & $table->{mask}) eq $table->{rules};
  @$table{qw(info wait)} = ($info, $POLLS_PER_READ - 1 + int($size / $READ_RATE));
  return 0 if $is_same;
  $table->{mask} = mask_of($family, $entries);
  $table->{rules} = $entries & $table->{mask};
  return 1;
}

sub poll {
  my $changes = 0;
  for my $family (@families) {
    my $list = list_of($family);
    update_tables($family, $list) if $list ne $family->{text};
    $changes += has_changed($family, $_) for values %{$family->{tables}};
  }
  return $changes;
}

# a kernel without IPv6 has no socket of it
@families = grep { socket($_->{socket}, $_->{domain}, $SOCK_DGRAM, 0) } @families;
$_->{fileno} = fileno $_->{socket} for @families;
vec(my $input = "", fileno(STDIN), 1) = 1;
poll();
print "alive\n";
for (;;) {
  if (select(my $ready = $input, undef, undef, $POLL_INTERVAL) > 0) {
    sysread(STDIN, my $question, 4096) or exit;   # the agent is gone
    print "alive\n";
  }
  print "changed\n" if poll();
}
