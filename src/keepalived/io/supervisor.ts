/**
 * Keeps one keepalived running from the first configuration to the end of the agent.
 *
 * A keepalived that ended leaves its VIPs on the interface, where they would answer beside the next owner's: so
 * they are removed before anything else is done about it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AgentError } from "../../errors.ts";
import { createBackoff } from "../../system/backoff.ts";
import type { InstanceDump } from "../dump.ts";
import type { RunningKeepalived } from "./daemon.ts";

const RESTART = { firstMs: 200, longestMs: 30_000 };
/** A keepalived that ran longer than this was well: the next restart comes after the first delay again. */
const WELL_MS = 30_000;
const BY_ITSELF = "by itself";

export interface Supervisor {
  /**
   * Makes keepalived take the file in force: starts it, or reloads it, and gives its own account of the result.
   *
   * @throws {AgentError} as start and reload of keepalived do; it is started again by itself. KEEPALIVED_EXITED during
   *   a pause.
   */
  startOrReload(): Promise<readonly InstanceDump[]>;
  /** keepalived's own account, without a reload; undefined while none runs. */
  dump(): Promise<readonly InstanceDump[] | undefined>;
  /**
   * Ends a keepalived that is not well, and starts another one; `why` goes into the error that tells its end.
   * By force, it gets no chance to tell the other hosts; its VIPs are removed all the same.
   */
  restart(why: string, how: RestartManner): void;
  /** No keepalived runs while there is a reason for that; undefined: there is none any more. */
  setPause(why: string | undefined): void;
  /** Settles when keepalived is stopped and its VIPs are gone, after the signal aborted. */
  readonly stopped: Promise<void>;
}

/** `gently`: it gives its VIPs away first. `by force`: it is killed, and its VIPs are removed afterwards. */
export type RestartManner = "gently" | "by force";

export interface SupervisorOptions {
  readonly start: () => Promise<RunningKeepalived>;
  /** Never rejects. */
  readonly removeVips: () => Promise<void>;
  readonly onStart: (pid: number) => void;
  /** keepalived's account of its instances, after each start and reload. */
  readonly onDump: (states: readonly InstanceDump[]) => void;
  readonly onEnd: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** A keepalived that runs, and the last `take` whose file it read when it started. */
interface Started {
  readonly keepalived: RunningKeepalived;
  readonly take: number;
}

export function superviseKeepalived(options: SupervisorOptions): Supervisor {
  const { signal } = options;
  const wanted = Promise.withResolvers<void>();
  let takes = 0;
  let ready = pendingStart();
  let kick = new AbortController();
  let current: RunningKeepalived | undefined;
  const backoff = createBackoff(RESTART);
  let occasion = BY_ITSELF;
  let paused: { readonly why: string; readonly over: PromiseWithResolvers<void> } | undefined;

  const runOnce = async (): Promise<void> => {
    const take = takes;
    occasion = BY_ITSELF;
    try {
      current = await options.start();
      if (signal.aborted || paused !== undefined) return;
      options.onStart(current.pid);
      options.onDump(current.dumpAtStart);
      ready.resolve({ keepalived: current, take });
      const exit = await current.exited;
      if (exit.uptimeMs > WELL_MS) backoff.reset();
      if (!signal.aborted) options.onEnd(await current.exitError(occasion));
    } catch (error) {
      ready.reject(error);
      if (!signal.aborted) options.onEnd(error);
    } finally {
      ready.reject(new AgentError("KEEPALIVED_EXITED", "the agent is stopping"));
      ready = pendingStart();
      kick = new AbortController();
      await current?.stop();
      current = undefined;
      await options.removeVips();
    }
  };

  const keepRunning = async (): Promise<void> => {
    await Promise.race([wanted.promise, aborted(signal)]);
    while (!signal.aborted) {
      if (paused === undefined) await runOnce();
      else await Promise.race([paused.over.promise, aborted(signal)]);
      if (paused !== undefined) continue;
      const wake = AbortSignal.any([signal, kick.signal]);
      await sleep(backoff.nextMs(), undefined, { signal: wake }).catch(() => undefined);
    }
    ready.reject(new AgentError("KEEPALIVED_EXITED", "the agent is stopping"));
  };

  signal.addEventListener("abort", () => void current?.stop(), { once: true });
  return {
    startOrReload: async () => {
      if (paused !== undefined) throw new AgentError("KEEPALIVED_EXITED", `keepalived waits: ${paused.why}`);
      takes += 1;
      const mine = takes;
      wanted.resolve();
      kick.abort();
      const { keepalived, take } = await ready.promise;
      const states = await (take >= mine ? keepalived.dump() : keepalived.reload());
      options.onDump(states);
      return states;
    },
    dump: async () => current?.dump(),
    restart: (why, how) => {
      occasion = `because ${why}`;
      if (how === "gently") void current?.stop();
      else current?.kill();
    },
    setPause: (why) => {
      if (why === paused?.why) return;
      paused?.over.resolve();
      paused = why === undefined ? undefined : { why, over: Promise.withResolvers<void>() };
      if (why === undefined) return kick.abort();
      occasion = `because ${why}`;
      void current?.stop();
    },
    stopped: keepRunning(),
  };
}

function pendingStart(): PromiseWithResolvers<Started> {
  const start = Promise.withResolvers<Started>();
  // nobody may be waiting for a restart: its failure is told by onEnd
  start.promise.catch(() => undefined);
  return start;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
