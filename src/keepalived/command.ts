/** The command that starts keepalived, and the pid files by which a later agent recognises its processes. */
import { boundToAgent } from "../system/child-command.ts";

export interface PidFiles {
  readonly parent: string;
  readonly vrrp: string;
}

/** The pid files of a keepalived that was started with this `runDir`. */
export function pidFilesIn(runDir: string): PidFiles {
  return { parent: `${runDir}/keepalived.pid`, vrrp: `${runDir}/vrrp.pid` };
}

/**
 * Program and arguments. When the agent dies, keepalived gets SIGTERM, stops its VRRP process and releases its VIPs.
 */
export function startCommand(conf: string, runDir: string): ReturnType<typeof boundToAgent> {
  const { parent, vrrp } = pidFilesIn(runDir);
  const foreground = ["-n", "-l", "-D", "-G"]; // foreground, detailed log, on the console, not to syslog
  const vrrpOnly = ["-P"]; // no process for health checks of real servers
  const files = ["-f", conf, "-p", parent, "-r", vrrp];
  return boundToAgent("TERM", "keepalived", [...foreground, ...vrrpOnly, ...files]);
}
