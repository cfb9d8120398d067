/** The command that starts keepalived, and the pid files by which a later agent recognises its processes. */
import { boundToAgent } from "../system/child-command.ts";
import { REALTIME_PRIORITY } from "./scheduling.ts";

export interface PidFiles {
  readonly parent: string;
  readonly vrrp: string;
}

/** The pid files of a keepalived that was started with this `runDir`. */
export function pidFilesIn(runDir: string): PidFiles {
  return { parent: `${runDir}/keepalived.pid`, vrrp: `${runDir}/vrrp.pid` };
}

/**
 * keepalived never waits for the reader of its log: lines that are not read are lost. Otherwise it would stand still as
 * owner while the agent is frozen. `dd` copies nothing here: it sets the mode of its input and output, and these are the two
 * outputs that keepalived inherits.
 */
const WITHOUT_WAITING = `
dd count=0 iflag=nonblock oflag=nonblock <&2 2>/dev/null
`;
/** Both of keepalived's processes inherit the policy of this shell. Where it is refused, they run without it. */
const IN_REAL_TIME = `chrt -r -p ${REALTIME_PRIORITY} $$ >/dev/null 2>&1
`;

/**
 * Program and arguments. When the agent dies, keepalived gets SIGTERM, stops its VRRP process and releases its VIPs.
 */
export function startCommand(
  conf: string,
  runDir: string,
  wantsRealtime: boolean,
): ReturnType<typeof boundToAgent> {
  const { parent, vrrp } = pidFilesIn(runDir);
  const foreground = ["-n", "-l", "-D", "-G"]; // foreground, detailed log, on the console, not to syslog
  const vrrpOnly = ["-P"]; // no process for health checks of real servers
  const files = ["-f", conf, "-p", parent, "-r", vrrp];
  const script = `${WITHOUT_WAITING}${wantsRealtime ? IN_REAL_TIME : ""}exec keepalived "$@"`;
  const shell = ["-c", script, "keepalived"];
  return boundToAgent("TERM", "/bin/sh", [...shell, ...foreground, ...vrrpOnly, ...files]);
}
