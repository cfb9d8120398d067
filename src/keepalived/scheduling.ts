/** How the kernel schedules keepalived, as `status` shows it, and what to do where real-time priority is refused. */

/** Above every ordinary program. Low among real-time ones, so that the kernel's own threads (50 and up) come first. */
export const REALTIME_PRIORITY = 10;

const MAX_REASON_CHARACTERS = 200;

/**
 * `waiting`: keepalived was not started yet. `realtime`: it runs before every ordinary program. `normal`: it shares the
 * CPU with them, as VRRP_SCHEDULING says. `refused`: it does so because real-time priority cannot be had, for this reason.
 */
export type SchedulingStatus =
  | { readonly phase: "waiting" | "realtime" | "normal" }
  | { readonly phase: "refused"; readonly reason: string; readonly hint: string };

/** How keepalived is scheduled, in words for a terminal; undefined where it is as it should be, or not known yet. */
export function schedulingText(status: SchedulingStatus): string | undefined {
  if (status.phase === "normal") return "normal, as VRRP_SCHEDULING says";
  if (status.phase !== "refused") return undefined;
  return `normal, without real-time priority: ${status.reason}. ${status.hint}`;
}

/** Arguments of `chrt`. What the process starts from then on, such as scripts of a template, runs with normal priority. */
export function realtimeArguments(pid: number): readonly string[] {
  return ["-R", "-r", "-p", String(REALTIME_PRIORITY), String(pid)];
}

/** How `chrt` ended. */
export interface ChrtOutcome {
  /** Whether it could be run. */
  readonly isFound: boolean;
  readonly output: string;
}

/** @param hasSysNice whether the agent has the capability SYS_NICE. */
export function refusedScheduling(outcome: ChrtOutcome, hasSysNice: boolean): SchedulingStatus {
  const orNot = "To run without it, set VRRP_SCHEDULING=normal";
  const refused = (reason: string, step: string): SchedulingStatus => ({
    phase: "refused",
    reason,
    hint: `${step}. ${orNot}`,
  });
  if (!outcome.isFound) {
    return refused("chrt cannot be found", "Install util-linux, or run the agent's own image");
  }
  if (!/not permitted/.test(outcome.output)) {
    return refused(
      outcome.output.trim().split("\n", 1)[0]?.slice(0, MAX_REASON_CHARACTERS) || "chrt failed",
      "Run `chrt -r 10 true` in the container",
    );
  }
  return hasSysNice
    ? refused(
        "the kernel gives this container no real-time budget (RT_GROUP_SCHED)",
        "Start the Docker daemon and the container with --cpu-rt-runtime=50000",
      )
    : refused(
        "the capability SYS_NICE is missing",
        "Add it: `cap_add: [SYS_NICE]` in the compose file, `--cap-add SYS_NICE` for docker run",
      );
}

/** Whether a process has a real-time policy. @param stat text of `/proc/PID/stat`. */
export function isRealtime(stat: string): boolean {
  // the name of the program may have spaces and brackets; the policy is field 41, and the state behind the name is 3
  const policy = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[41 - 3];
  return policy === "1" || policy === "2";
}
