/** One keepalived as the supervisor wants it: it tells its state from the start, and after each reload. */
import { AgentError } from "../../errors.ts";
import { findStopped, signalGroup } from "../../system/io/process.ts";
import { createSerialQueue } from "../../system/serial-queue.ts";
import type { InstanceDump } from "../dump.ts";
import type { KeepalivedExit } from "../exit.ts";
import type { LogLine } from "../log-line.ts";
import { prepareDumps, requestDump } from "./dump.ts";
import { type KeepalivedProcessOptions, spawnKeepalived } from "./process.ts";

export interface RunningKeepalived {
  readonly pid: number;
  /** Its first account of its instances. */
  readonly dumpAtStart: readonly InstanceDump[];
  /** Never rejects. When it resolves no process of this keepalived is left; VIPs may be, but for a clean stop. */
  readonly exited: Promise<KeepalivedExit>;
  /**
   * Has the conf read again, and gives the state after it. Reloads and dumps wait for each other.
   *
   * @throws {AgentError} CONF_REJECTED where keepalived keeps its old conf, KEEPALIVED_EXITED, RELOAD_UNCONFIRMED,
   *   and what `dump` throws.
   */
  reload(): Promise<readonly InstanceDump[]>;
  /**
   * @throws {AgentError} KEEPALIVED_EXITED; KEEPALIVED_SILENT where it answers and its state cannot be read, also where
   *   the conf has no instance; KEEPALIVED_HUNG where it does not answer.
   */
  dump(): Promise<readonly InstanceDump[]>;
  /** Pids of its processes that somebody stopped. */
  findStopped(): readonly number[];
  /** Has what is stopped go on. */
  continueStopped(): void;
  /** The error for its end, once it ended; `when` is the occasion, as in `on reload`. */
  exitError(when: string): Promise<AgentError>;
  /** Has the VIPs released and keepalived ended, by force where it hangs: in less than 4 s. May be called again. */
  stop(): Promise<KeepalivedExit>;
  /** Ends it at once; its VIPs stay. */
  kill(): void;
}

/**
 * Starts keepalived, and resolves once it says that it runs and has told its state, or cannot tell it.
 *
 * @throws {AgentError} KEEPALIVED_EXITED, KEEPALIVED_UNAVAILABLE; nothing is left running then.
 */
export async function startKeepalived(
  options: Omit<KeepalivedProcessOptions, "dumpDir">,
): Promise<RunningKeepalived> {
  const place = await prepareDumps(options.runDir);
  let vrrpPid: number | undefined;
  let dumpsBegun = 0;
  const onLine = (line: LogLine): void => {
    if (line.kind === "vrrp-process-started") vrrpPid = line.pid;
    if (line.kind === "dump-requested") dumpsBegun += 1;
    options.onLine?.(line);
  };
  const keepalived = await spawnKeepalived({ ...options, ...place, onLine });
  const { pid, exited } = keepalived;
  const enqueue = createSerialQueue();

  const ask = async (): Promise<readonly InstanceDump[]> => {
    const begunBefore = dumpsBegun;
    const states = await requestDump({ ...place, pid, isRunning: () => keepalived.isRunning() }).catch(
      (error: unknown) => {
        if (!isSilence(error) || dumpsBegun > begunBefore) throw error;
        throw new AgentError("KEEPALIVED_HUNG", "keepalived does not answer", { cause: error });
      },
    );
    if (states === undefined) throw await keepalived.exitError("when asked for its state");
    return states;
  };
  const reload = async (): Promise<readonly InstanceDump[]> => {
    await keepalived.reload();
    return ask();
  };
  try {
    return {
      pid,
      exited,
      dumpAtStart: await ask().catch(unlessSilent),
      reload: () => enqueue(reload),
      dump: () => enqueue(ask),
      exitError: (when) => keepalived.exitError(when),
      findStopped: () => findStopped(vrrpPid === undefined ? [pid] : [pid, vrrpPid]),
      continueStopped: () => signalGroup(pid, "SIGCONT"),
      stop: () => keepalived.stop(),
      kill: () => signalGroup(pid, "SIGKILL"),
    };
  } catch (error) {
    await keepalived.stop();
    throw error;
  }
}

/**
 * A disk without space keeps keepalived from telling its state, and from nothing else: it goes on. Whether one that does
 * not answer is to be ended shows later.
 */
function unlessSilent(error: unknown): readonly InstanceDump[] {
  const isHung = error instanceof AgentError && error.code === "KEEPALIVED_HUNG";
  if (isHung || isSilence(error)) return [];
  throw error;
}

function isSilence(error: unknown): boolean {
  return error instanceof AgentError && error.code === "KEEPALIVED_SILENT";
}
