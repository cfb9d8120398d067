# Runs the program of its arguments in its own place, also where Docker is older than 20.10.10 (Rancher 1.6 runs on 1.12 and later).
#
# The seccomp profile of such an engine answers EPERM for system calls that it does not know. libc of Debian 12 starts threads by
# clone3 (Linux 5.3), and takes the older call only where the answer is ENOSYS, so Node would abort. The kernel obeys the filter that
# was added last, so this one answers ENOSYS for all calls from 424 on: those have no number of their own on any architecture, and
# libc has another way for each. It is added only where clone3 is forbidden, and needs no capability.
use strict;

my ($CLONE3, $FIRST_NEW) = (435, 424);
my ($PR_SET_SECCOMP, $SECCOMP_MODE_FILTER, $PR_SET_NO_NEW_PRIVS) = (22, 2, 38);
my ($EPERM, $ENOSYS) = (1, 38);
my %PRCTL = (x86_64 => 157, aarch64 => 167);

# Without arguments it makes no process: the kernel answers EINVAL, or ENOSYS before Linux 5.3.
sub is_forbidden { return syscall($CLONE3, 0, 0) == -1 && $! == $EPERM }

sub answer_enosys {
  require Config;   # only where it is needed: each health check starts here
  my $prctl = $PRCTL{(split /-/, $Config::Config{archname})[0]} or return;
  my @instructions = (
    [0x20, 0, 0, 0],                       # load the number of the call
    [0x35, 0, 1, $FIRST_NEW],              # lower ones:
    [0x06, 0, 0, 0x00050000 | $ENOSYS],
    [0x06, 0, 0, 0x7fff0000],              # allowed here, so the profile decides
  );
  my $filter = join "", map { pack "S C C L", @$_ } @instructions;
  my $program = pack "S x![P] P", scalar @instructions, $filter;   # struct sock_fprog
  syscall($prctl, $PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 or return;
  return syscall($prctl, $PR_SET_SECCOMP, $SECCOMP_MODE_FILTER, $program) == 0;
}

# Where it cannot be added, the program says itself what it lacks.
answer_enosys() if is_forbidden();
exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\n";
