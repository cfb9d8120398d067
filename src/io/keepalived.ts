/**
 * keepalived as a supervised child: started, told to reload, asked for its state, ended.
 *
 * It never outlives the agent: the kernel sends it SIGTERM when the agent dies, however that happens. It leads its own
 * process group, so that one signal ends both of its processes, and a Ctrl-C reaches it only through the agent.
 */
import { EventEmitter, once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { env, kill } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Logger } from "pino";
import { AgentError } from "../core/errors.ts";
import { keepalivedEnvironment, startArguments } from "../core/keepalived-command.ts";
import { exitError, type KeepalivedExit } from "../core/keepalived-exit.ts";
import { type LogEvent, quoteLog, readLogLine } from "../core/keepalived-log.ts";
import { LogDigest } from "../core/log-digest.ts";
import { parseVrrpDump, type VrrpState } from "../core/vrrp-dump.ts";

/** From the start to keepalived's own word that it runs: some 50 ms. */
const START_MS = 3_000;
const RELOAD_MS = 5_000;
const DUMP_MS = 2_000;
const DUMP_POLL_MS = 10;
/** keepalived takes 1 s to end by itself, and a whole stop must stay under 5 s. */
const STOP_MS = 3_000;
/** What the VRRP process gets to release its VIPs when the parent is gone; it needs a few ms. */
const ORPHAN_MS = 300;

export type { KeepalivedExit };

export interface RunningKeepalived {
  readonly pid: number;
  /** Its first account of its instances. */
  readonly atStart: readonly VrrpState[];
  /** Never rejects. When it resolves no process of this keepalived is left; VIPs may be, but for a clean stop. */
  readonly exited: Promise<KeepalivedExit>;
  /**
   * Has the conf read again, and gives the state after it. Reloads and dumps wait for each other.
   *
   * @throws {AgentError} CONF_REJECTED where keepalived keeps its old conf, KEEPALIVED_EXITED, RELOAD_UNCONFIRMED,
   *   and what `dump` throws.
   */
  reload(): Promise<readonly VrrpState[]>;
  /** @throws {AgentError} KEEPALIVED_EXITED, KEEPALIVED_SILENT; the latter also where the conf has no instance. */
  dump(): Promise<readonly VrrpState[]>;
  /** The error for its end, once it ended; `when` is the occasion, as in `on reload`. */
  endError(when: string): Promise<AgentError>;
  /** Has the VIPs released and keepalived ended, by force where it hangs: in less than 4 s. May be called again. */
  stop(): Promise<KeepalivedExit>;
}

export interface KeepalivedOptions {
  readonly conf: string;
  /** An existing directory of this agent alone, for pid files and dumps. */
  readonly runDir: string;
  /** The file that the conf names as `reload_check_config`. */
  readonly reloadCheckLog: string;
  readonly log: Logger;
  /** Each line of its log, without the time. */
  readonly onLine?: (text: string) => void;
  /** Its abort stops keepalived, also in the middle of its start. */
  readonly signal: AbortSignal;
}

/**
 * Starts keepalived, and resolves once it says that it runs and has told its state, or cannot tell it.
 * The pid files of an earlier one must be gone: keepalived takes them for proof that it runs already.
 *
 * @throws {AgentError} KEEPALIVED_EXITED, KEEPALIVED_UNAVAILABLE; nothing is left running then.
 */
export async function startKeepalived(options: KeepalivedOptions): Promise<RunningKeepalived> {
  const jsonSignal = await askJsonSignal();
  const dumpDir = `${options.runDir}/dump`;
  await rm(dumpDir, { recursive: true, force: true });
  await mkdir(dumpDir, { mode: 0o700 });

  const child = spawn(options, dumpDir);
  const { pid } = child;
  if (pid === undefined) {
    throw new AgentError("KEEPALIVED_UNAVAILABLE", "setpriv could not be run", { cause: await child });
  }
  const keepalived = new Keepalived(child, { ...options, pid, dumpDir, jsonSignal });
  try {
    await keepalived.startUp();
    return Object.assign(keepalived, { atStart: await keepalived.dump().catch(unlessSilent) });
  } catch (error) {
    await keepalived.stop();
    throw error;
  }
}

/** A disk without space keeps keepalived from telling its state, and from nothing else: it goes on. */
function unlessSilent(error: unknown): readonly VrrpState[] {
  if (error instanceof AgentError && error.code === "KEEPALIVED_SILENT") return [];
  throw error;
}

/** The number of the signal that asks for a dump: a real-time signal, which differs between C libraries. */
async function askJsonSignal(): Promise<number> {
  const result = await execa("keepalived", ["--signum=JSON"], {
    env: keepalivedEnvironment(env),
    extendEnv: false,
    reject: false,
    timeout: START_MS,
  });
  if (result.exitCode === 0 && /^\d+$/.test(result.stdout)) return Number(result.stdout);
  throw new AgentError("KEEPALIVED_UNAVAILABLE", "keepalived named no signal for JSON", { cause: result });
}

function spawn({ conf, runDir }: KeepalivedOptions, dumpDir: string) {
  return execa("setpriv", startArguments(conf, runDir), {
    all: true,
    buffer: false, // it runs for months
    detached: true, // leads its own process group; that it ends with the agent is setpriv's part
    env: keepalivedEnvironment(env, dumpDir),
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
}

/** Reads a dump and removes it: with VRRPv2 it tells the password. */
async function takeDump(file: string): Promise<readonly VrrpState[]> {
  const states = readStates(await readFile(file, "utf8"));
  await rm(file, { force: true });
  return states;
}

function readStates(dump: string): readonly VrrpState[] {
  try {
    return parseVrrpDump(dump);
  } catch {
    // the parser's own error quotes the text
    throw new Error("the dump is not complete");
  }
}

interface Wiring extends KeepalivedOptions {
  readonly pid: number;
  readonly dumpDir: string;
  readonly jsonSignal: number;
}

class Keepalived implements Omit<RunningKeepalived, "atStart"> {
  readonly pid: number;
  readonly exited: Promise<KeepalivedExit>;
  readonly #child: ReturnType<typeof spawn>;
  readonly #options: Wiring;
  readonly #heard = new EventEmitter<Record<LogEvent, []>>();
  readonly #digest = new LogDigest();
  #lastTask: Promise<unknown> = Promise.resolve();

  constructor(child: ReturnType<typeof spawn>, options: Wiring) {
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
    if (heard === "exited") throw await this.endError("before it had started");
    this.#signal("SIGKILL");
    throw new AgentError("KEEPALIVED_UNAVAILABLE", `keepalived did not start within ${START_MS} ms`);
  }

  reload(): Promise<readonly VrrpState[]> {
    return this.#inTurn(async () => {
      this.#digest.forgetComplaints();
      const heard = this.#hear(["reload-complete", "reload-refused"], RELOAD_MS);
      this.#signal("SIGHUP");
      switch (await heard) {
        case "reload-complete":
          return this.#dump();
        case "reload-refused": {
          const reasons = await readFile(this.#options.reloadCheckLog, "utf8").catch(() => "");
          throw new AgentError("CONF_REJECTED", `keepalived refused to reload: ${quoteLog(reasons)}`);
        }
        case "exited":
          throw await this.endError("on reload");
        default:
          throw new AgentError("RELOAD_UNCONFIRMED", `keepalived did not confirm within ${RELOAD_MS} ms`);
      }
    });
  }

  dump(): Promise<readonly VrrpState[]> {
    return this.#inTurn(() => this.#dump());
  }

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

  async #dump(): Promise<readonly VrrpState[]> {
    const file = `${this.#options.dumpDir}/keepalived.json`;
    await rm(file, { force: true });
    this.#signal(this.#options.jsonSignal);
    const deadline = performance.now() + DUMP_MS;
    for (;;) {
      try {
        return await takeDump(file);
      } catch (cause) {
        // Not there yet, or written in part.
        if (!this.#isRunning()) throw await this.endError("when asked for its state");
        if (performance.now() > deadline) {
          throw new AgentError("KEEPALIVED_SILENT", `no state within ${DUMP_MS} ms`, { cause });
        }
      }
      await sleep(DUMP_POLL_MS);
    }
  }

  async endError(when: string): Promise<AgentError> {
    return exitError(await this.exited, when, this.#digest.complaints);
  }

  #isRunning(): boolean {
    const { exitCode, signalCode } = this.#child.nodeChildProcess;
    return exitCode === null && signalCode === null;
  }

  /** By `kill` itself: Node's own `child.kill` knows no real-time signals. */
  #signal(signal: NodeJS.Signals | number): void {
    if (this.#isRunning()) kill(this.pid, signal);
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const mine = this.#lastTask.then(task, task);
    this.#lastTask = mine;
    return mine;
  }

  /** The first of `events` in the log from now on, or the end of keepalived, or that of the time. Never rejects. */
  async #hear(events: readonly LogEvent[], withinMs: number): Promise<LogEvent | "exited" | "timed-out"> {
    const over = new AbortController();
    const { signal } = over;
    try {
      return await Promise.race([
        ...events.map((event) => once(this.#heard, event, { signal }).then(() => event)),
        this.exited.then(() => "exited" as const),
        sleep(withinMs, "timed-out" as const, { signal }),
      ]);
    } finally {
      over.abort();
    }
  }

  async #followToTheEnd(): Promise<KeepalivedExit> {
    for await (const raw of this.#child.iterable({ from: "all" })) {
      const line = readLogLine(raw);
      const { level, fields } = this.#digest.digest(line, performance.now());
      this.#options.log[level](fields, line.summary);
      this.#heard.emit(line.event);
      this.#options.onLine?.(line.text);
    }
    const { exitCode, signal, durationMs } = await this.#child;
    return { exitCode, signal, uptimeMs: Math.round(durationMs) };
  }
}
