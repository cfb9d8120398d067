/**
 * A process started the way Docker starts a host-networked container: own pid, mount and UTS namespaces around the
 * host's network, a /dev/shm, an init with pid 1, and the whole process tree gone at once when that init is killed.
 */
import { readFileSync } from "node:fs";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { Child, type Exit } from "./child.ts";
import { run } from "./command.ts";
import type { LineLog } from "./line-log.ts";
import { withLogReader } from "./log-reader.ts";
import { kill } from "./namespace.ts";
import { pathOf } from "./requirements.ts";
import { until } from "./until.ts";

/** Docker's `stop` kills after 10 s. */
const STOP_GRACE_MS = 10_000;

/** Arguments: host name, folder to show as /run, file to show as /etc/hostname or "", then the command. */
const ENTRY = `
echo "$1" > /proc/sys/kernel/hostname
mount -n -t sysfs sysfs /sys
mount -n --bind "$2" /run
mount -n -t tmpfs -o size=64m,mode=1777 shm /dev/shm
if [ -n "$3" ]; then mount -n --bind "$3" /etc/hostname; fi
shift 3
exec "$@"
`;

export interface ContainerOptions {
  readonly namespace: string;
  readonly hostName: string;
  /** A folder of the host that is the container's /run, and outlives it. */
  readonly runFolder: string;
  /** A file shown as /etc/hostname, whose path tells the Docker id in /proc/self/mountinfo. */
  readonly hostnameFile?: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its log is read by a program, not by this process. */
  readonly hasLogReader?: boolean;
}

export interface StoppedContainer {
  /** Exit code of pid 1; of no meaning where it was killed. */
  readonly code: number | null;
  /** Whether SIGTERM did not end it in time. */
  readonly wasKilled: boolean;
  /** From SIGTERM to the end. */
  readonly durationMs: number;
}

export class Container {
  /** Of the container's pid 1, as seen from outside. */
  readonly pid: number;
  readonly log: LineLog;
  readonly #child: Child;

  private constructor(child: Child, pid: number) {
    this.#child = child;
    this.log = child.log;
    this.pid = pid;
  }

  /** `onSpawn` gets the process before anything can fail. Resolves once the container's pid 1 exists. */
  static async start(options: ContainerOptions, onSpawn: (child: Child) => void): Promise<Container> {
    const { namespace, hostName, runFolder, hostnameFile = "", command, env, hasLogReader = false } = options;
    const init = pathOf("tini") === undefined ? [] : ["tini", "-s", "--"];
    const isolation = ["unshare", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];
    const entry = ["/bin/sh", "-ec", ENTRY, "sh", hostName, runFolder, hostnameFile];
    const whole = [...isolation, ...entry, ...init, ...command];
    const child = new Child({
      namespace,
      name: `the container on ${hostName}`,
      command: hasLogReader ? withLogReader(whole) : whole,
      env,
    });
    onSpawn(child);
    // A short command may have ended before it could be seen; then there is nothing left to signal.
    const findPid = (): number | undefined =>
      initBelow(child.pid) ?? (child.isRunning ? undefined : child.pid);
    return new Container(child, await until(findPid, 120_000, `${child.name} has a pid 1`));
  }

  get isRunning(): boolean {
    return this.#child.isRunning;
  }

  get exited(): Promise<Exit> {
    return this.#child.exited;
  }

  /** Standard output of a command that runs beside pid 1, with the container's files and pids: `docker exec`. */
  async run(command: readonly string[]): Promise<string> {
    return run(["nsenter", `--target=${this.pid}`, "--mount", "--pid", "--net", "--", ...command]);
  }

  /** SIGTERM to pid 1, and SIGKILL when it is still there 10 s later, as `docker stop` does. */
  async stop(): Promise<StoppedContainer> {
    const startMs = performance.now();
    let wasKilled = false;
    if (this.isRunning) sendSignal(this.pid, "SIGTERM");
    const timer = setTimeout(() => {
      wasKilled = true;
      kill(this.pid);
    }, STOP_GRACE_MS);
    const { code } = await this.exited;
    clearTimeout(timer);
    return { code, wasKilled, durationMs: performance.now() - startMs };
  }

  /** SIGKILL to pid 1: everything inside ends with it, and nothing is cleaned up. */
  async kill(): Promise<void> {
    if (this.isRunning) kill(this.pid);
    await this.exited;
  }
}

/** The child that is pid 1 of a namespace of its own. What starts the log reader has another child for a moment. */
function initBelow(pid: number): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    if (!first || !/^NSpid:.*\t1$/m.test(readFileSync(`/proc/${first}/status`, "utf8"))) return undefined;
    return Number(first);
  } catch {
    return undefined; // the process has ended: its exit and its lines tell why
  }
}
