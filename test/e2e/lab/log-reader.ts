/**
 * A program of its own that reads a container's log, as a container runtime does, so that it can stand still.
 *
 * The log goes through a real pipe of one page. What Node gives a child are pairs of sockets, which hold far more, and whose reader
 * is Node itself.
 */

/** The first word of its command line. */
export const LOG_READER = "log-reader";

/** The reader belongs to nobody, so it is no child of the command. It ends with the last writer. */
const SCRIPT = `
use strict;
use constant F_SETPIPE_SZ => 1031;
pipe(my $reader, my $writer) or die "pipe: $!";
fcntl($writer, F_SETPIPE_SZ, 4096) or die "pipe: $!";
my $between = fork // die "fork: $!";
if ($between == 0) {
  exit if fork // die "fork: $!";
  close $writer;
  open STDIN, "<&", $reader or die "reader: $!";
  exec { "cat" } "${LOG_READER}" or die "cat: $!";
}
waitpid $between, 0;
close $reader;
open STDOUT, ">&", $writer or die "writer: $!";
exec @ARGV or die "$ARGV[0]: $!";
`;

/** The command with its standard output read by that program, which hands it on. The process stays the same. */
export function withLogReader(command: readonly string[]): readonly string[] {
  return ["perl", "-e", SCRIPT, ...command];
}
