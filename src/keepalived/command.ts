/** How keepalived is started, and the files by which a later agent recognises it. */
import { boundToAgent } from "../system/child-command.ts";

export interface PidFiles {
  readonly parent: string;
  readonly vrrp: string;
}

/** The pid files of the keepalived that is started in `runDir`. */
export function pidFilesIn(runDir: string): PidFiles {
  return { parent: `${runDir}/keepalived.pid`, vrrp: `${runDir}/vrrp.pid` };
}

/** Program and arguments. keepalived passes the signal of the agent's death on, and releases its VIPs. */
export function startCommand(conf: string, runDir: string): ReturnType<typeof boundToAgent> {
  const { parent, vrrp } = pidFilesIn(runDir);
  const foreground = ["-n", "-l", "-D", "-G"]; // in the foreground, all details to the console, nothing to syslog
  const vrrpOnly = ["-P"]; // no process for checks of real servers
  const files = ["-f", conf, "-p", parent, "-r", vrrp];
  return boundToAgent("TERM", "keepalived", [...foreground, ...vrrpOnly, ...files]);
}
