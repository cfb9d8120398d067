/**
 * keepalived as a child process: started, reloaded, stopped.
 *
 * It never outlives the agent: the kernel sends it SIGTERM when the agent dies for any reason. It leads its own process
 * group, so one signal ends both of its processes, and a Ctrl-C reaches only the agent.
 */
import { readFile, rm } from "node:fs/promises";
import { env, kill } from "node:process";
import { execa } from "execa";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { bareEnvironment } from "../../system/child-command.ts";
import { startCommand } from "../command.ts";
import { exitError, type KeepalivedExit } from "../exit.ts";
import { type LogLine, quoteLog } from "../log-line.ts";
import { LogReader } from "./log-reader.ts";

/** keepalived needs about 50 ms. */
const START_TIMEOUT_MS = 3_000;
/** keepalived gives up its own check of the file after 5 s and says so. This must be longer. */
const RELOAD_TIMEOUT_MS = 8_000;
const RELOAD_OUTCOMES = ["reload-complete", "reload-refused", "reload-check-timed-out"] as const;
/** keepalived needs 1 s by itself, and a whole stop must take less than 5 s. */
const STOP_TIMEOUT_MS = 3_000;
/** How long the VRRP process may release its VIPs after its parent ended. It needs a few ms. */
const ORPHAN_GRACE_MS = 300;

export interface KeepalivedProcessOptions {
  readonly conf: string;
  /** An existing directory of this agent alone, for the pid files. */
  readonly runDir: string;
  /** Where keepalived writes its dumps. */
  readonly dumpDir: string;
  /** The file that keepalived.conf names as `reload_check_config`. */
  readonly reloadCheckLog: string;
  readonly wantsRealtime?: boolean;
  readonly log: Logger;
  /** Called with each line of its log. */
  readonly onLine?: (line: LogLine) => void;
  /** Its abort stops keepalived, also during the start. */
  readonly signal: AbortSignal;
}

/**
 * Starts keepalived, and resolves once its log says that it runs. The pid files of an earlier one must be removed
 * first: keepalived takes them as proof that it runs already.
 *
 * @throws {AgentError} KEEPALIVED_EXITED, KEEPALIVED_UNAVAILABLE; nothing is left running then.
 */
export async function spawnKeepalived(options: KeepalivedProcessOptions): Promise<KeepalivedProcess> {
  const child = spawn(options);
  if (child.pid === undefined) {
    throw new AgentError("KEEPALIVED_UNAVAILABLE", "setpriv could not be run", { cause: await child });
  }
  const keepalived = new KeepalivedProcess(child, { ...options, pid: child.pid });
  await keepalived.waitForStart().catch(async (error: unknown) => {
    await keepalived.stop();
    throw error;
  });
  return keepalived;
}

function spawn({ conf, runDir, dumpDir, wantsRealtime = false }: KeepalivedProcessOptions) {
  return execa(...startCommand(conf, runDir, wantsRealtime), {
    ...bareEnvironment(env, { TMPDIR: dumpDir }), // the dump has a fixed name in TMPDIR
    all: true,
    buffer: false, // it runs for months
    detached: true, // leads its own process group; setpriv ends it with the agent
    reject: false,
    stdin: "ignore",
  });
}

export class KeepalivedProcess {
  readonly pid: number;
  /** Never rejects. When it resolves, both processes have ended. Their VIPs may remain, except after a clean stop. */
  readonly exited: Promise<KeepalivedExit>;
  readonly #child: ReturnType<typeof spawn>;
  readonly #options: KeepalivedProcessOptions;
  readonly #log: LogReader;
  /** keepalived was asked to reload and has not said how that ended. */
  #isReloading = false;

  constructor(child: ReturnType<typeof spawn>, options: KeepalivedProcessOptions & { readonly pid: number }) {
    this.#child = child;
    this.#options = options;
    this.#log = new LogReader(options.log, (line) => {
      if (isReloadOutcome(line.kind)) this.#isReloading = false;
      options.onLine?.(line);
    });
    this.pid = options.pid;
    this.exited = this.#waitForExit();
    child.nodeChildProcess.once("exit", () => void this.#endOrphan());
    const stop = () => void this.stop();
    options.signal.addEventListener("abort", stop, { once: true });
    void this.exited.then(() => options.signal.removeEventListener("abort", stop));
  }

  async waitForStart(): Promise<void> {
    const outcome = await this.#log.waitFor(["startup-complete"], START_TIMEOUT_MS);
    if (outcome === "startup-complete") return;
    if (outcome === "exited") throw await this.exitError("before it had started");
    this.#signal("SIGKILL");
    throw new AgentError("KEEPALIVED_UNAVAILABLE", `keepalived did not start within ${START_TIMEOUT_MS} ms`);
  }

  /**
   * Makes keepalived read its configuration again. One call at a time. The outcome of an earlier reload that comes late is
   * awaited first: it may be of an older file.
   *
   * @throws {AgentError} CONF_REJECTED where it keeps the earlier configuration, KEEPALIVED_EXITED, RELOAD_UNCONFIRMED.
   */
  async reload(): Promise<void> {
    if (this.#isReloading) await this.#log.waitFor(RELOAD_OUTCOMES, RELOAD_TIMEOUT_MS);
    this.#log.forgetComplaints();
    // keepalived must not write through a link, and messages of an earlier reload are no reason for this one
    await rm(this.#options.reloadCheckLog, { force: true }).catch(() => undefined);
    const outcome = this.#log.waitFor(RELOAD_OUTCOMES, RELOAD_TIMEOUT_MS);
    this.#isReloading = true;
    this.#signal("SIGHUP");
    switch (await outcome) {
      case "reload-complete":
        return;
      case "reload-refused": {
        const reasons = await readFile(this.#options.reloadCheckLog, "utf8").catch(() => "");
        throw new AgentError("CONF_REJECTED", `keepalived refused to reload: ${quoteLog(reasons)}`);
      }
      case "reload-check-timed-out":
        throw new AgentError(
          "RELOAD_UNCONFIRMED",
          "keepalived could not check its new configuration in time, and goes on with the earlier one",
        );
      case "exited":
        throw await this.exitError("on reload");
      default:
        throw new AgentError(
          "RELOAD_UNCONFIRMED",
          `keepalived did not confirm within ${RELOAD_TIMEOUT_MS} ms`,
        );
    }
  }

  /** Makes keepalived release its VIPs and end, by SIGKILL if it hangs, in less than 4 s. May be called again. */
  async stop(): Promise<KeepalivedExit> {
    this.#signal("SIGTERM");
    if ((await this.#log.waitFor([], STOP_TIMEOUT_MS)) !== "exited") {
      this.#options.log.error({ pid: this.pid }, "keepalived hung and was killed");
      this.#signal("SIGKILL");
    }
    return this.exited;
  }

  /** The kernel sends the VRRP process SIGTERM when its parent dies. This kills a VRRP process that hangs. */
  async #endOrphan(): Promise<void> {
    if ((await this.#log.waitFor([], ORPHAN_GRACE_MS)) === "exited") return;
    try {
      kill(-this.pid, "SIGKILL"); // a process still holds the pipe of the log, so the group exists
    } catch {
      // it ended just before the signal
    }
  }

  /** Waits for the exit; `when` goes into the message, as in `on reload`. */
  async exitError(when: string): Promise<AgentError> {
    return exitError(await this.exited, when, this.#log.complaints);
  }

  isRunning(): boolean {
    const { exitCode, signalCode } = this.#child.nodeChildProcess;
    return exitCode === null && signalCode === null;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.isRunning()) kill(this.pid, signal);
  }

  async #waitForExit(): Promise<KeepalivedExit> {
    await this.#log.readAll(this.#child.all);
    const { exitCode, signal, durationMs } = await this.#child;
    this.#log.setExited();
    return { exitCode, signal, uptimeMs: Math.round(durationMs) };
  }
}

function isReloadOutcome(kind: LogLine["kind"]): boolean {
  return RELOAD_OUTCOMES.some((outcome) => outcome === kind);
}
