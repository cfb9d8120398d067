/**
 * Tells a script and a URL of each transition, one after the other in each group, and never in the way of one: nothing
 * waits for a hook but the next notice of its group. While one is slow or fails, only the last notice waits behind it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Status } from "../../status/status.ts";
import { type Notification, notificationsBetween, scriptVariables } from "../notification.ts";
import { runNotifyScript } from "./script.ts";
import { callWebhook } from "./webhook.ts";

const SCRIPT_TIMEOUT_MS = 10_000;
const URL_TIMEOUT_MS = 5_000;
/** Before each further try of a notice that was not taken, ms; it is given up after the last, or for a newer one. */
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000] as const;
/** What hooks get for the last notice when the agent ends, ms. */
const FAREWELL_MS = 500;

export interface HooksOptions {
  readonly script: string | undefined;
  readonly url: string | undefined;
  readonly retryMs?: readonly number[];
  readonly log: Logger;
}

export interface Hooks {
  /** Tells of the transitions since the status before. */
  notifyChanges(status: Status): void;
  /** Resolves when the last notices are told, in less than a second: what runs then is killed. */
  close(): Promise<void>;
}

/** Tells once. @returns why it was not taken, or undefined. */
type Tell = (notification: Notification, signal: AbortSignal) => Promise<string | undefined>;

export function openHooks({ script, url, retryMs = RETRY_MS, log }: HooksOptions): Hooks {
  const stop = new AbortController();
  const targets = [
    ...(script === undefined ? [] : [{ hook: "script", tell: scriptTeller(script) }]),
    ...(url === undefined ? [] : [{ hook: "url", tell: urlTeller(url) }]),
  ];
  const queues = new Map<string, Queue>();
  let last: Status | undefined;

  const offer = (notification: Notification): void => {
    for (const { hook, tell } of targets) {
      const key = JSON.stringify([hook, notification.group]);
      const about = { hook, group: notification.group };
      const queue =
        queues.get(key) ?? openQueue({ tell, retryMs, log: log.child(about), signal: stop.signal });
      queues.set(key, queue);
      queue.offer(notification);
    }
  };
  return {
    notifyChanges: (status) => {
      if (last !== undefined) for (const each of notificationsBetween(last, status)) offer(each);
      last = status;
    },
    close: async () => {
      const idle = Promise.all([...queues.values()].map((queue) => queue.idle()));
      await Promise.race([idle, sleep(FAREWELL_MS, undefined, { ref: false })]);
      stop.abort();
    },
  };
}

interface Queue {
  offer(notification: Notification): void;
  idle(): Promise<void>;
}

function openQueue(options: {
  readonly tell: Tell;
  readonly retryMs: readonly number[];
  readonly log: Logger;
  readonly signal: AbortSignal;
}): Queue {
  const { tell, retryMs, log, signal } = options;
  let waiting: Notification | undefined;
  let running: Promise<void> | undefined;
  let newer = new AbortController();

  /** Until it is taken, given up, or there is a newer one. */
  const insist = async (notification: Notification): Promise<void> => {
    for (const delayMs of [...retryMs, undefined]) {
      const refusal = await tell(notification, signal);
      if (refusal === undefined) return log.debug({ state: notification.state }, "hook was told");
      const isOver = delayMs === undefined || waiting !== undefined;
      log.warn({ state: notification.state, reason: refusal, ...(!isOver && { delayMs }) }, "hook failed");
      if (isOver) return;
      const wake = AbortSignal.any([signal, newer.signal]);
      await sleep(delayMs, undefined, { signal: wake, ref: false }).catch(() => undefined);
      if (waiting !== undefined) return;
      signal.throwIfAborted();
    }
  };
  const run = async (): Promise<void> => {
    while (waiting !== undefined && !signal.aborted) {
      const notification = waiting;
      [waiting, newer] = [undefined, new AbortController()];
      await insist(notification).catch((err: unknown) => {
        if (!signal.aborted) log.error({ err }, "hook could not be told");
      });
    }
    running = undefined;
  };
  return {
    offer: (notification) => {
      waiting = notification;
      newer.abort();
      running ??= run();
    },
    idle: async () => running,
  };
}

function scriptTeller(script: string): Tell {
  return (notification, signal) =>
    runNotifyScript({
      script,
      timeoutMs: SCRIPT_TIMEOUT_MS,
      input: `${JSON.stringify(notification)}\n`,
      variables: scriptVariables(notification),
      signal,
    });
}

function urlTeller(url: string): Tell {
  return (notification, signal) =>
    callWebhook({ url, body: JSON.stringify(notification), timeoutMs: URL_TIMEOUT_MS, signal });
}
