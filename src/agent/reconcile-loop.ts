/**
 * The one reconcile loop. A change after a quiet time is brought into force at once; changes that come soon after a reload
 * are merged into one.
 */
import type { Trigger } from "../system/io/trigger.ts";
import { createChangeHolds } from "./change-holds.ts";
import { createGoals } from "./goals.ts";
import { observeNetwork, RETRY_MS, type ReconcileOptions, reconcile } from "./reconcile.ts";
import { resume } from "./resume.ts";

/** Least time between two reloads. It is below the startup delay, within which the others must learn of a newcomer. */
const RELOAD_GAP_MS = 2_000;

export interface ReconcileLoopOptions extends Omit<ReconcileOptions, "goals" | "changeHolds"> {
  readonly trigger: Trigger;
  readonly signal: AbortSignal;
}

/** Reconciles whenever the trigger fires, until the signal aborts. */
export async function runReconcileLoop(loopOptions: ReconcileLoopOptions): Promise<void> {
  const changeHolds = createChangeHolds(loopOptions.health.setHold);
  const options = { ...loopOptions, goals: createGoals(), changeHolds };
  const { trigger, signal, store } = options;
  let { scheduling } = store.status;
  store.subscribe((status) => {
    // the advice depends on it
    if (status.scheduling.phase !== scheduling.phase) trigger.fire();
    ({ scheduling } = status);
  });
  let nextReloadMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    await trigger.wait();
    await waitUntil(nextReloadMs, options);
    if (signal.aborted) return;
    try {
      const { hasChanged, nextPassMs } = await reconcile(options);
      // in a planned change a group has no owner until its next step
      if (hasChanged && !options.plannedChanges.isUnderWay) nextReloadMs = performance.now() + RELOAD_GAP_MS;
      trigger.fireIn(nextPassMs);
    } catch (error) {
      if (signal.aborted) return;
      options.report.failed(error, options.applier.rejected);
      await resume(options);
      options.network.invalidate(); // an outdated reading may be the cause of the failure
      trigger.fireIn(RETRY_MS);
    }
  }
}

/** Nothing is reloaded before `untilMs`. A group whose source is lost is held back all the same: that cannot wait. */
async function waitUntil(untilMs: number, options: ReconcileLoopOptions & ReconcileOptions): Promise<void> {
  const { trigger, signal } = options;
  for (;;) {
    const restMs = untilMs - performance.now();
    if (restMs <= 0 || signal.aborted) return;
    await observeNetwork(options).catch(() => undefined);
    await trigger.wait(restMs);
  }
}
