/** What the agent watches besides metadata: drain orders, the network of this host, and the template. */
import { watchTemplate } from "../conf/io/template.ts";
import { watchDrainOrders } from "../drain/io/drain.ts";
import type { Health } from "../health/io/health.ts";
import type { Keepalived } from "../keepalived/io/keepalived.ts";
import type { RefusedVips } from "../status/io/refused-vips.ts";
import { watchNetwork } from "./network-changes.ts";
import type { Shared } from "./shared.ts";
import type { VipLease } from "./vip-lease.ts";

export interface WatchedInputsOptions extends Shared {
  readonly keepalived: Keepalived;
  readonly lease: Pick<VipLease, "noteLapse">;
  readonly health: Health;
  readonly refusedVips: Pick<RefusedVips, "retry">;
}

/** Resolves once the drain orders of earlier runs are in force. */
export async function watchInputs(options: WatchedInputsOptions): Promise<void> {
  const { health, lease, refusedVips, store, stateDir, trigger, verifyTrigger, log, signal } = options;
  watchOwnTemplate(options);
  watchNetwork({
    ...options,
    onLapse: lease.noteLapse,
    onVips: verifyTrigger.fire,
    onChange: () => {
      refusedVips.retry();
      verifyTrigger.fire();
      trigger.fire();
    },
  });
  await watchDrainOrders({
    stateDir: stateDir.path,
    onOrders: (drain) => {
      health.setDrainOrders(drain);
      store.update({ drain });
    },
    log,
    signal,
  });
}

/** The template that ships with the agent is a part of the program: it changes with the program's version. */
function watchOwnTemplate({ settings, trigger, log, signal }: Shared): void {
  const { templatePath } = settings.agent;
  if (templatePath === undefined) return;
  const onError = (err: unknown) => log.warn({ err }, "cannot watch the template");
  // an edit before the watch has begun is found by the pass after that, so nothing waits for it
  void watchTemplate(templatePath, { onChange: trigger.fire, onError, signal }).then(trigger.fire);
}
