/**
 * Sends each transition to a script and a URL. They never delay a transition.
 *
 * Each hook gets the notifications of a group one at a time. While one is slow or fails, only the latest notification
 * waits, and replaces an earlier one.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { Status } from "../../status/status.ts";
import { retainNames } from "../../text/by-name.ts";
import { isOfStart, type Notification, notificationsOf, scriptVariables } from "../notification.ts";
import { runNotifyScript } from "./script.ts";
import { callWebhook } from "./webhook.ts";

const SCRIPT_TIMEOUT_MS = 10_000;
const URL_TIMEOUT_MS = 5_000;
/** Pauses between attempts. A notification is dropped after the last attempt, or when a newer one arrives. */
const RETRY_PAUSES_MS = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000] as const;
/** A group that starts may be in FAULT without a reason for this long: a host listens for 15 s at most. */
const START_FAULT_MS = 20_000;
/** Time that hooks get for the last notifications when the agent ends. */
const CLOSE_TIMEOUT_MS = 500;

export interface HooksOptions {
  readonly script: string | undefined;
  readonly url: string | undefined;
  readonly retryPausesMs?: readonly number[];
  readonly startFaultMs?: number;
  readonly log: Logger;
}

export interface Hooks {
  /**
   * Notifies of the transitions since the previous call. The first call only records the status. The FAULT of a start without
   * a reason is told only where it lasts.
   */
  notifyChanges(status: Status): void;
  /** Resolves when all notifications are delivered, or after 0.5 s. Hooks that still run then are killed. */
  close(): Promise<void>;
}

/** One attempt. @returns why it failed; undefined where it succeeded. */
type Deliver = (notification: Notification, signal: AbortSignal) => Promise<string | undefined>;

export function openHooks(options: HooksOptions): Hooks {
  const { script, url, retryPausesMs = RETRY_PAUSES_MS, startFaultMs = START_FAULT_MS, log } = options;
  const stop = new AbortController();
  const targets = [
    ...(script === undefined ? [] : [{ hook: "script", deliver: toScript(script) }]),
    ...(url === undefined ? [] : [{ hook: "url", deliver: toUrl(url) }]),
  ];
  const queues = new Map<string, Queue>();
  /** The states that hooks were told of, by group. */
  const told = new Map<string, string>();
  /** The FAULT of a start that hooks are not told of yet, by group. */
  const patience = new Map<string, NodeJS.Timeout>();
  let latest: Status | undefined;

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
  const endPatience = (group: string): void => {
    clearTimeout(patience.get(group));
    patience.delete(group);
  };
  const tell = (notification: Notification): void => {
    endPatience(notification.group);
    told.set(notification.group, notification.state);
    notify(notification);
  };
  const wait = ({ group }: Notification): void => {
    const isStill = ({ group: name, state }: Notification) => name === group && state === "FAULT";
    const timer = setTimeout(() => {
      patience.delete(group);
      const late = latest && notificationsOf(told, latest).find(isStill);
      if (late !== undefined) tell(late);
    }, startFaultMs).unref();
    patience.set(group, timer);
  };
  const forgetOthers = ({ instances }: Status): void => {
    const names = instances.map(({ name }) => name);
    // without instances keepalived has not confirmed its configuration yet
    if (names.length > 0) retainNames(told, names);
    for (const group of patience.keys()) if (!names.includes(group)) endPatience(group);
  };
  const tellOrWait = (status: Status): void => {
    for (const notification of notificationsOf(told, status)) {
      if (!isOfStart(notification, status)) tell(notification);
      else if (!patience.has(notification.group)) wait(notification);
    }
  };
  return {
    notifyChanges: (status) => {
      forgetOthers(status);
      if (latest === undefined) for (const { name, state } of status.instances) told.set(name, state);
      latest = status;
      tellOrWait(status);
      for (const [key, queue] of queues) if (queue.isIdle) queues.delete(key);
    },
    close: async () => {
      for (const group of patience.keys()) endPatience(group);
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
