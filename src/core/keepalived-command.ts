/** How keepalived is started, and the files by which a later agent recognises it. */

export interface PidFiles {
  readonly parent: string;
  readonly vrrp: string;
}

/** The pid files of the keepalived that is started in `runDir`. */
export function pidFilesIn(runDir: string): PidFiles {
  return { parent: `${runDir}/keepalived.pid`, vrrp: `${runDir}/vrrp.pid` };
}

/**
 * Arguments of `setpriv`, which turns into keepalived without a process of its own in between.
 *
 * The kernel sends the parent-death signal when the agent dies; keepalived passes it on and releases its VIPs.
 */
export function startArguments(conf: string, runDir: string): readonly string[] {
  const { parent, vrrp } = pidFilesIn(runDir);
  const foreground = ["-n", "-l", "-D", "-G"]; // in the foreground, all details to the console, nothing to syslog
  const vrrpOnly = ["-P"]; // no process for checks of real servers
  const files = ["-f", conf, "-p", parent, "-r", vrrp];
  return ["--pdeathsig", "TERM", "keepalived", ...foreground, ...vrrpOnly, ...files];
}

/**
 * All the environment that keepalived gets: the agent's own, `environment`, holds secrets.
 *
 * @param dumpDir where keepalived writes its dump, under a fixed name; in /tmp unless told.
 */
export function keepalivedEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  dumpDir?: string,
): Record<string, string | undefined> {
  const { PATH } = environment;
  return { PATH, LC_ALL: "C", TMPDIR: dumpDir };
}
