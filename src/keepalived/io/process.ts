/**
 * keepalived as a child: started, told to reload, listened to, ended.
 *
 * It never outlives the agent: the kernel sends it SIGTERM when the agent dies, however that happens. It leads its own
 * process group, so that one signal ends both of its processes, and a Ctrl-C reaches it only through the agent.
 */
import { EventEmitter, once } from "node:events";
import { readFile } from "node:fs/promises";
import { env, kill } from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import { bareEnvironment } from "../../system/child-command.ts";
import { startCommand } from "../command.ts";
import { exitError, type KeepalivedExit } from "../exit.ts";
import { type LogLine, parseLogLine, quoteLog } from "../log-line.ts";
import { LogThrottle } from "../log-throttle.ts";

/** From the start to keepalived's own word that it runs: some 50 ms. */
const START_MS = 3_000;
const RELOAD_MS = 5_000;
/** keepalived takes 1 s to end by itself, and a whole stop must stay under 5 s. */
const STOP_MS = 3_000;
/** What the VRRP process gets to release its VIPs when the parent is gone; it needs a few ms. */
const ORPHAN_MS = 300;

export interface KeepalivedProcessOptions {
  readonly conf: string;
  /** An existing directory of this agent alone, for pid files. */
  readonly runDir: string;
  /** Where it writes its dumps. */
  readonly dumpDir: string;
  /** The file that the conf names as `reload_check_config`. */
  readonly reloadCheckLog: string;
  readonly log: Logger;
  /** Called with each line of its log. */
  readonly onLine?: (line: LogLine) => void;
  /** Its abort stops keepalived, also in the middle of its start. */
  readonly signal: AbortSignal;
}

/**
 * Starts keepalived, and resolves once it says that it runs.
 * The pid files of an earlier one must be gone: keepalived takes them for proof that it runs already.
 *
 * @throws {AgentError} KEEPALIVED_EXITED, KEEPALIVED_UNAVAILABLE; nothing is left running then.
 */
export async function spawnKeepalived(options: KeepalivedProcessOptions): Promise<KeepalivedProcess> {
  const child = spawn(options);
  if (child.pid === undefined) {
    throw new AgentError("KEEPALIVED_UNAVAILABLE", "setpriv could not be run", { cause: await child });
  }
  const keepalived = new KeepalivedProcess(child, { ...options, pid: child.pid });
  await keepalived.startUp().catch(async (error: unknown) => {
    await keepalived.stop();
    throw error;
  });
  return keepalived;
}

function spawn({ conf, runDir, dumpDir }: KeepalivedProcessOptions) {
  return execa(...startCommand(conf, runDir), {
    ...bareEnvironment(env, { TMPDIR: dumpDir }), // for its dump, which has a fixed name
    all: true,
    buffer: false, // it runs for months
    detached: true, // leads its own process group; that it ends with the agent is setpriv's part
    reject: false,
    stdin: "ignore",
  });
}

export class KeepalivedProcess {
  readonly pid: number;
  /** Never rejects. When it resolves no process of this keepalived is left; VIPs may be, but for a clean stop. */
  readonly exited: Promise<KeepalivedExit>;
  readonly #child: ReturnType<typeof spawn>;
  readonly #options: KeepalivedProcessOptions;
  readonly #heard = new EventEmitter<Record<LogLine["kind"] | "exited", []>>();
  readonly #digest = new LogThrottle();
  #hasExited = false;

  constructor(child: ReturnType<typeof spawn>, options: KeepalivedProcessOptions & { readonly pid: number }) {
    this.#child = child;
    this.#options = options;
    this.pid = options.pid;
    this.exited = this.#followToTheEnd();
    child.nodeChildProcess.once("exit", () => void this.#endOrphan());
    const stop = () => void this.stop();
    options.signal.addEventListener("abort", stop, { once: true });
    void this.exited.then(() => options.signal.removeEventListener("abort", stop));
  }

  async startUp(): Promise<void> {
    const heard = await this.#hear(["startup-complete"], START_MS);
    if (heard === "startup-complete") return;
    if (heard === "exited") throw await this.exitError("before it had started");
    this.#signal("SIGKILL");
    throw new AgentError("KEEPALIVED_UNAVAILABLE", `keepalived did not start within ${START_MS} ms`);
  }

  /**
   * Has the conf read again. One call at a time.
   *
   * @throws {AgentError} CONF_REJECTED where keepalived keeps its old conf, KEEPALIVED_EXITED, RELOAD_UNCONFIRMED.
   */
  async reload(): Promise<void> {
    this.#digest.forgetComplaints();
    const heard = this.#hear(["reload-complete", "reload-refused"], RELOAD_MS);
    this.#signal("SIGHUP");
    switch (await heard) {
      case "reload-complete":
        return;
      case "reload-refused": {
        const reasons = await readFile(this.#options.reloadCheckLog, "utf8").catch(() => "");
        throw new AgentError("CONF_REJECTED", `keepalived refused to reload: ${quoteLog(reasons)}`);
      }
      case "exited":
        throw await this.exitError("on reload");
      default:
        throw new AgentError("RELOAD_UNCONFIRMED", `keepalived did not confirm within ${RELOAD_MS} ms`);
    }
  }

  /** Has the VIPs released and keepalived ended, by force where it hangs: in less than 4 s. May be called again. */
  async stop(): Promise<KeepalivedExit> {
    this.#signal("SIGTERM");
    if ((await this.#hear([], STOP_MS)) !== "exited") {
      this.#options.log.error({ pid: this.pid }, "keepalived hung and was killed");
      this.#signal("SIGKILL");
    }
    return this.exited;
  }

  /** The VRRP process gets SIGTERM from the kernel when its parent dies. One that hangs is ended here. */
  async #endOrphan(): Promise<void> {
    if ((await this.#hear([], ORPHAN_MS)) === "exited") return;
    try {
      kill(-this.pid, "SIGKILL"); // somebody still holds the pipe of the log, so the group exists
    } catch {
      // It ended in this very moment.
    }
  }

  /** The error for its end, once it ended; `when` is the occasion, as in `on reload`. */
  async exitError(when: string): Promise<AgentError> {
    return exitError(await this.exited, when, this.#digest.complaints);
  }

  isRunning(): boolean {
    const { exitCode, signalCode } = this.#child.nodeChildProcess;
    return exitCode === null && signalCode === null;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.isRunning()) kill(this.pid, signal);
  }

  /** The first of `events` in the log from now on, or the end of keepalived, or that of the time. Never rejects. */
  async #hear(
    events: readonly LogLine["kind"][],
    withinMs: number,
  ): Promise<LogLine["kind"] | "exited" | "timed-out"> {
    if (this.#hasExited) return "exited";
    const over = new AbortController();
    const { signal } = over;
    const awaited = ["exited", ...events] as const;
    try {
      // not `exited` itself: what waits for a promise is kept as long as that, which is months
      return await Promise.race([
        ...awaited.map((event) => once(this.#heard, event, { signal }).then(() => event)),
        sleep(withinMs, "timed-out" as const, { signal }),
      ]);
    } finally {
      over.abort();
    }
  }

  async #followToTheEnd(): Promise<KeepalivedExit> {
    const lines = createInterface({ input: this.#child.all });
    lines.on("line", (raw) => this.#take(raw));
    this.#child.all.once("close", () => lines.close()); // it may close without an end
    await once(lines, "close");
    const { exitCode, signal, durationMs } = await this.#child;
    this.#hasExited = true;
    this.#heard.emit("exited");
    return { exitCode, signal, uptimeMs: Math.round(durationMs) };
  }

  #take(raw: string): void {
    const line = parseLogLine(raw);
    const { level, fields } = this.#digest.throttle(line, performance.now());
    this.#options.log[level](fields, line.summary);
    this.#heard.emit(line.kind);
    this.#options.onLine?.(line);
  }
}
