/**
 * The Perl files that together are the listener program, in their order: the variables at the top of a file are those of the
 * files behind it, and the main loop comes last.
 */
export const LISTENER_PARTS: readonly string[] = [
  "lease.pl",
  "suspension.pl",
  "network-changes.pl",
  "owner-probe.pl",
  "owner-probe-questions.pl",
  "owner-probe-heard.pl",
  "owner-probe-plan.pl",
  "listener.pl",
];
