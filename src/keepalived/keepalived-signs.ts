/** Lines of keepalived's log by which its VRRP process is known, and known to answer: no full disk keeps them back. */

const VRRP_STARTED = /^Starting VRRP child process, pid=(\d+)$/;
const ANSWERED = /^Printing VRRP as json for process\(\d+\) on signal$/;

/** The pid of the VRRP process that a line tells of; undefined for any other line. */
export function vrrpPidIn(line: string): number | undefined {
  const [, pid] = VRRP_STARTED.exec(line) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** Whether the VRRP process says that it was asked for its state: it says so before it writes. */
export function isAnswer(line: string): boolean {
  return ANSWERED.test(line);
}
