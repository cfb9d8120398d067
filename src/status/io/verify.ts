/**
 * Whether what is shown is true: keepalived is asked for its own account, the kernel for its addresses, and what does
 * not go together is shown as a contradiction, and mended where it lasts.
 *
 * It looks a moment after each word of a change, and seldom without one: a quiet host costs next to nothing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { AgentError } from "../../errors.ts";
import type { InstanceDump } from "../../keepalived/dump.ts";
import type { Trigger } from "../../system/io/trigger.ts";
import {
  type FoundContradiction,
  findContradictions,
  type HeldAddress,
  type Remedy,
} from "../contradiction.ts";
import type { StatusStore } from "./store.ts";

/** keepalived tells a transition and puts its addresses some ms apart. */
const SETTLE_MS = 250;
/** Between two looks without word of a change, ms. */
const SELDOM_MS = 15_000;
/** While something contradicts. */
const OFTEN_MS = 1_000;
/** What contradicts for longer than this, ms, is no change that is under way. */
const LASTING_MS = 5_000;

export interface VerificationOptions {
  readonly store: StatusStore;
  /** Fires when the states or the addresses may have changed. */
  readonly trigger: Trigger;
  /** keepalived's own account, which is taken in; undefined while none runs. */
  readonly ask: () => Promise<readonly InstanceDump[] | undefined>;
  readonly readVips: () => Promise<readonly HeldAddress[]>;
  /** Called at each look at which a contradiction is there still, though it was given its time. Never rejects. */
  readonly applyRemedy: (remedy: Remedy) => Promise<void>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts. Never rejects. */
export async function runVerification(options: VerificationOptions): Promise<void> {
  const { store, trigger, log, signal } = options;
  const open = new Map<string, { readonly since: string; readonly sinceMs: number; isLasting: boolean }>();
  let accountAt = store.status.agent.startedAt;

  const take = (findings: readonly FoundContradiction[]): readonly Remedy[] => {
    const texts = findings.map(({ text }) => text);
    for (const text of open.keys()) {
      if (texts.includes(text)) continue;
      if (open.get(text)?.isLasting) log.info({ contradiction: text }, "contradiction ended");
      open.delete(text);
    }
    for (const text of texts) {
      const known = open.get(text) ?? {
        since: new Date().toISOString(),
        sinceMs: performance.now(),
        isLasting: false,
      };
      open.set(text, known);
      if (known.isLasting || performance.now() - known.sinceMs < LASTING_MS) continue;
      known.isLasting = true;
      log.warn({ contradiction: text, since: known.since }, "contradiction lasts");
    }
    store.update({
      contradictions: [...open].map(([text, { since, isLasting }]) => ({ text, since, isLasting })),
    });
    const isDue = ({ text, remedyDelayMs: patienceMs }: FoundContradiction) =>
      performance.now() - (open.get(text)?.sinceMs ?? Number.POSITIVE_INFINITY) >= patienceMs;
    return findings.filter(isDue).flatMap(({ remedy }) => remedy ?? []);
  };

  const look = async (): Promise<void> => {
    const hasInstances = store.status.instances.length > 0;
    const { isRunning } = store.status.keepalived;
    const account = isRunning && hasInstances ? await options.ask().catch(asSilence) : undefined;
    const heldAddresses = await options.readVips().catch(() => undefined);
    if (signal.aborted) return;
    const isSilent = account === "silent" || account === "hung";
    if (!isSilent) accountAt = new Date().toISOString();
    const { keepalived, instances } = store.status;
    const remedies = take(
      findContradictions({
        isKeepalivedRunning: keepalived.isRunning,
        instances,
        heldAddresses,
        silentSince: isSilent ? accountAt : undefined,
        isHung: account === "hung",
      }),
    );
    for (const remedy of remedies) await options.applyRemedy(remedy);
  };

  for (;;) {
    trigger.fireIn(open.size > 0 ? OFTEN_MS : SELDOM_MS);
    await trigger.wait();
    await sleep(SETTLE_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await look();
  }
}

function asSilence(error: unknown): "hung" | "silent" {
  return error instanceof AgentError && error.code === "KEEPALIVED_HUNG" ? "hung" : "silent";
}
