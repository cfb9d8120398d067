/** One running keepalived that can be asked for a dump: after its start, after each reload, and at any time. */
import { AgentError } from "../../errors.ts";
import { findStopped, signalGroup } from "../../system/io/process.ts";
import { createSerialQueue } from "../../system/serial-queue.ts";
import type { InstanceDump } from "../dump.ts";
import type { KeepalivedExit } from "../exit.ts";
import type { LogLine } from "../log-line.ts";
import { type DumpOptions, prepareDumps, removeDumps, requestDump } from "./dump.ts";
import { type KeepalivedProcessOptions, spawnKeepalived } from "./process.ts";

export interface RunningKeepalived {
  readonly pid: number;
  /** Empty where keepalived could not write a dump. */
  readonly dumpAtStart: readonly InstanceDump[];
  /** Never rejects. When it resolves, both processes have ended. Their VIPs may remain, except after a clean stop. */
  readonly exited: Promise<KeepalivedExit>;
  /**
   * Makes keepalived read its configuration again, and resolves with a dump after that. Reloads and dumps are queued.
   *
   * @throws {AgentError} CONF_REJECTED where it keeps the earlier configuration, KEEPALIVED_EXITED, RELOAD_UNCONFIRMED,
   *   and the errors of `dump`.
   */
  reload(): Promise<readonly InstanceDump[]>;
  /**
   * @throws {AgentError} KEEPALIVED_EXITED; KEEPALIVED_SILENT where it answers but its dump cannot be read, also
   *   where the configuration has no instance; KEEPALIVED_HUNG where it does not answer.
   */
  dump(): Promise<readonly InstanceDump[]>;
  /** The pids of its processes that a signal or a debugger stopped. */
  findStopped(): readonly number[];
  /** Continues its stopped processes. */
  continueStopped(): void;
  /** Waits for the exit; `when` goes into the message, as in `on reload`. */
  exitError(when: string): Promise<AgentError>;
  /** Makes keepalived release its VIPs and end, by SIGKILL if it hangs, in less than 4 s. May be called again. */
  stop(): Promise<KeepalivedExit>;
  /** Ends it at once. Its VIPs remain. */
  kill(): void;
}

/**
 * Starts keepalived, and resolves once it runs and has written a dump, or cannot write one.
 *
 * @throws {AgentError} KEEPALIVED_EXITED, KEEPALIVED_UNAVAILABLE; nothing is left running then.
 */
export async function startKeepalived(
  options: Omit<KeepalivedProcessOptions, "dumpDir"> & Pick<DumpOptions, "readSignal">,
): Promise<RunningKeepalived> {
  const dumpSetup = await prepareDumps(options.runDir, options);
  let vrrpPid: number | undefined;
  let dumpsBegun = 0;
  const onLine = (line: LogLine): void => {
    if (line.kind === "vrrp-process-started") vrrpPid = line.pid;
    if (line.kind === "dump-requested") dumpsBegun += 1;
    options.onLine?.(line);
  };
  const keepalived = await spawnKeepalived({ ...options, ...dumpSetup, onLine }).catch((error: unknown) => {
    removeDumps(dumpSetup);
    throw error;
  });
  const { pid, exited } = keepalived;
  void exited.then(() => removeDumps(dumpSetup));
  const enqueue = createSerialQueue();

  const dump = async (): Promise<readonly InstanceDump[]> => {
    const begunBefore = dumpsBegun;
    const dumps = await requestDump({ ...dumpSetup, pid, isRunning: () => keepalived.isRunning() }).catch(
      (error: unknown) => {
        if (!isSilence(error) || dumpsBegun > begunBefore) throw error;
        throw new AgentError("KEEPALIVED_HUNG", "keepalived does not answer", { cause: error });
      },
    );
    if (dumps === undefined) throw await keepalived.exitError("when asked for its state");
    return dumps;
  };
  const reload = async (): Promise<readonly InstanceDump[]> => {
    await keepalived.reload();
    return dump();
  };
  try {
    return {
      pid,
      exited,
      dumpAtStart: await dump().catch(unlessSilent),
      reload: () => enqueue(reload),
      dump: () => enqueue(dump),
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
 * A full disk prevents only the dump, so such a keepalived goes on. One that does not answer is found and ended
 * later, by the checks of a running one.
 */
function unlessSilent(error: unknown): readonly InstanceDump[] {
  const isHung = error instanceof AgentError && error.code === "KEEPALIVED_HUNG";
  if (isHung || isSilence(error)) return [];
  throw error;
}

function isSilence(error: unknown): boolean {
  return error instanceof AgentError && error.code === "KEEPALIVED_SILENT";
}
