/**
 * Sends each transition to a script and a URL. They never delay a transition.
 *
 * Each hook gets the notifications of a group one at a time. While one is slow or fails, only the latest notification
 * waits, and replaces an earlier one.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Status } from "../../status/status.ts";
import { type Notification, notificationsBetween, scriptVariables } from "../notification.ts";
import { runNotifyScript } from "./script.ts";
import { callWebhook } from "./webhook.ts";

const SCRIPT_TIMEOUT_MS = 10_000;
const URL_TIMEOUT_MS = 5_000;
/** Pauses between attempts. A notification is dropped after the last attempt, or when a newer one arrives. */
const RETRY_PAUSES_MS = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000] as const;
/** Time that hooks get for the last notifications when the agent ends. */
const CLOSE_TIMEOUT_MS = 500;

export interface HooksOptions {
  readonly script: string | undefined;
  readonly url: string | undefined;
  readonly retryPausesMs?: readonly number[];
  readonly log: Logger;
}

export interface Hooks {
  /** Notifies of the transitions since the previous call. The first call only records the status. */
  notifyChanges(status: Status): void;
  /** Resolves when all notifications are delivered, or after 0.5 s. Hooks that still run then are killed. */
  close(): Promise<void>;
}

/** One attempt. @returns why it failed; undefined where it succeeded. */
type Deliver = (notification: Notification, signal: AbortSignal) => Promise<string | undefined>;

export function openHooks({ script, url, retryPausesMs = RETRY_PAUSES_MS, log }: HooksOptions): Hooks {
  const stop = new AbortController();
  const targets = [
    ...(script === undefined ? [] : [{ hook: "script", deliver: toScript(script) }]),
    ...(url === undefined ? [] : [{ hook: "url", deliver: toUrl(url) }]),
  ];
  const queues = new Map<string, Queue>();
  let previous: Status | undefined;

  const notify = (notification: Notification): void => {
    for (const { hook, deliver } of targets) {
      const key = JSON.stringify([hook, notification.group]);
      const fields = { hook, group: notification.group };
      const queue =
        queues.get(key) ??
        createQueue({ deliver, retryPausesMs, log: log.child(fields), signal: stop.signal });
      queues.set(key, queue);
      queue.put(notification);
    }
  };
  return {
    notifyChanges: (status) => {
      if (previous !== undefined) for (const each of notificationsBetween(previous, status)) notify(each);
      previous = status;
      for (const [key, queue] of queues) if (queue.isIdle) queues.delete(key);
    },
    close: async () => {
      const idle = Promise.all([...queues.values()].map((queue) => queue.idle()));
      await Promise.race([idle, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
      stop.abort();
    },
  };
}

/** The notifications of one hook and one group. */
interface Queue {
  /** Replaces a notification that waits. */
  put(notification: Notification): void;
  readonly isIdle: boolean;
  /** Resolves when nothing waits or runs. */
  idle(): Promise<void>;
}

function createQueue(options: {
  readonly deliver: Deliver;
  readonly retryPausesMs: readonly number[];
  readonly log: Logger;
  readonly signal: AbortSignal;
}): Queue {
  const { deliver, retryPausesMs, log, signal } = options;
  let waiting: Notification | undefined;
  let running: Promise<void> | undefined;
  let newer = new AbortController();

  /** Resolves when it is delivered or dropped. */
  const deliverWithRetries = async (notification: Notification): Promise<void> => {
    for (const delayMs of [...retryPausesMs, undefined]) {
      const failure = await deliver(notification, signal);
      if (failure === undefined) return log.debug({ state: notification.state }, "hook notified");
      const isDropped = delayMs === undefined || waiting !== undefined;
      log.warn({ state: notification.state, reason: failure, ...(!isDropped && { delayMs }) }, "hook failed");
      if (isDropped) return;
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
      await deliverWithRetries(notification).catch((err: unknown) => {
        if (!signal.aborted) log.error({ err }, "hook could not be run");
      });
    }
    running = undefined;
  };
  return {
    put: (notification) => {
      waiting = notification;
      newer.abort();
      running ??= run();
    },
    get isIdle() {
      return running === undefined;
    },
    idle: async () => running,
  };
}

function toScript(script: string): Deliver {
  return (notification, signal) =>
    runNotifyScript({
      script,
      timeoutMs: SCRIPT_TIMEOUT_MS,
      input: `${JSON.stringify(notification)}\n`,
      variables: scriptVariables(notification),
      signal,
    });
}

function toUrl(url: string): Deliver {
  return (notification, signal) =>
    callWebhook({ url, body: JSON.stringify(notification), timeoutMs: URL_TIMEOUT_MS, signal });
}
