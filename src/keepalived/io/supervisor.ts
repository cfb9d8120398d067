/**
 * Keeps one keepalived running from the first configuration to the end of the agent.
 *
 * After keepalived has ended, its VIPs are removed before anything else happens: otherwise this host would answer for them
 * beside the next owner.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AgentError } from "../../errors.ts";
import { createBackoff } from "../../system/backoff.ts";
import type { InstanceDump } from "../dump.ts";
import type { RunningKeepalived } from "./daemon.ts";

const RESTART = { firstMs: 200, longestMs: 30_000 };
/** After a longer run, the next restart comes after the first delay again. */
const STABLE_MS = 30_000;
/** For the error of an exit that the agent did not cause. */
const BY_ITSELF = "by itself";

export interface Supervisor {
  /**
   * Makes keepalived read its configuration by a start or a reload, and resolves with a dump after that.
   *
   * @throws {AgentError} the errors of start and reload, and keepalived is restarted; KEEPALIVED_EXITED during a pause.
   */
  startOrReload(): Promise<readonly InstanceDump[]>;
  /**
   * As `startOrReload`, but a keepalived that is known to have read its configuration since the last request is only
   * asked for a dump. A dump alone proves no reload: it has neither peers nor timers.
   */
  ensureRead(): Promise<readonly InstanceDump[]>;
  /** Undefined while no keepalived runs. @throws {AgentError} as `RunningKeepalived.dump`. */
  dump(): Promise<readonly InstanceDump[] | undefined>;
  /**
   * Ends the running keepalived and starts another one.
   *
   * @param why for the error of the exit, as in `it stayed suspended`.
   */
  restart(why: string, how: RestartManner): void;
  /** Keeps keepalived stopped for this reason, until it is called with undefined. Waiting starts and reloads fail. */
  setPause(why: string | undefined): void;
  /** Resolves after the signal aborted, when keepalived is stopped and its VIPs are removed. */
  readonly stopped: Promise<void>;
}

/**
 * `gently`: keepalived releases its VIPs and tells the peers. `by force`: it is killed, and its VIPs are removed
 * after.
 */
export type RestartManner = "gently" | "by force";

export interface SupervisorOptions {
  readonly start: () => Promise<RunningKeepalived>;
  /** Never rejects. */
  readonly removeVips: () => Promise<void>;
  readonly onStart: (pid: number) => void;
  /** Called after each start and reload. */
  readonly onDump: (dumps: readonly InstanceDump[]) => void;
  readonly onEnd: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** A running keepalived. */
interface Started {
  readonly keepalived: RunningKeepalived;
  /** The number of the last request whose file it has read for sure: by its start, or by a reload that it confirmed. */
  readRequest: number;
}

export function superviseKeepalived(options: SupervisorOptions): Supervisor {
  const { signal } = options;
  const firstRequest = Promise.withResolvers<void>();
  let requests = 0;
  let ready = pendingStart();
  let retryNow = new AbortController();
  let current: RunningKeepalived | undefined;
  const backoff = createBackoff(RESTART);
  let occasion = BY_ITSELF;
  let paused: { readonly why: string; readonly over: PromiseWithResolvers<void> } | undefined;

  const runOnce = async (): Promise<void> => {
    const request = requests;
    occasion = BY_ITSELF;
    try {
      current = await options.start();
      if (signal.aborted || paused !== undefined) return;
      options.onStart(current.pid);
      options.onDump(current.dumpAtStart);
      ready.resolve({ keepalived: current, readRequest: request });
      const exit = await current.exited;
      if (exit.uptimeMs > STABLE_MS) backoff.reset();
      if (!signal.aborted) options.onEnd(await current.exitError(occasion));
    } catch (error) {
      ready.reject(error);
      if (!signal.aborted) options.onEnd(error);
    } finally {
      ready.reject(new AgentError("KEEPALIVED_EXITED", "the agent is stopping"));
      ready = pendingStart();
      retryNow = new AbortController();
      await current?.stop();
      current = undefined;
      await options.removeVips();
    }
  };

  const keepRunning = async (): Promise<void> => {
    await Promise.race([firstRequest.promise, aborted(signal)]);
    while (!signal.aborted) {
      if (paused === undefined) await runOnce();
      else await Promise.race([paused.over.promise, aborted(signal)]);
      if (paused !== undefined) continue;
      const wake = AbortSignal.any([signal, retryNow.signal]);
      // only an end by itself makes the pause grow: a restart by the agents of all hosts must not keep all of them away for long
      const pauseMs = occasion === BY_ITSELF ? backoff.nextMs() : RESTART.firstMs;
      await sleep(pauseMs, undefined, { signal: wake }).catch(() => undefined);
    }
    ready.reject(new AgentError("KEEPALIVED_EXITED", "the agent is stopping"));
  };

  const ensureRead = async (): Promise<readonly InstanceDump[]> => {
    firstRequest.resolve(); // also during a pause: keepalived starts after it
    if (paused !== undefined) throw keptStopped(paused.why);
    const request = requests;
    retryNow.abort();
    const started = await ready.promise;
    const { keepalived } = started;
    const dumps = await (started.readRequest >= request ? keepalived.dump() : keepalived.reload());
    started.readRequest = Math.max(started.readRequest, request);
    options.onDump(dumps);
    return dumps;
  };

  signal.addEventListener("abort", () => void current?.stop(), { once: true });
  return {
    startOrReload: () => {
      requests += 1;
      return ensureRead();
    },
    ensureRead,
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
      if (why === undefined) return retryNow.abort();
      occasion = `because ${why}`;
      ready.reject(keptStopped(why));
      ready = pendingStart();
      void current?.stop();
    },
    stopped: keepRunning(),
  };
}

function keptStopped(why: string): AgentError {
  return new AgentError("KEEPALIVED_EXITED", `keepalived is kept stopped: ${why}`);
}

function pendingStart(): PromiseWithResolvers<Started> {
  const start = Promise.withResolvers<Started>();
  // without a waiting request its rejection would be unhandled; onEnd reports the failure
  start.promise.catch(() => undefined);
  return start;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
