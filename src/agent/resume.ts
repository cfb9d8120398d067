/**
 * Starts keepalived with the configuration of an earlier run while no newer one is possible: metadata does not answer
 * and no earlier reading can be used, or the first pass fails.
 *
 * No hold is lost by that. When keepalived starts, the track files already have the verdicts of this run, and each
 * group is held back until this host has listened for another owner.
 */
import type { Logger } from "pino";
import { deriveEnvironmentPlans } from "../groups/health-plans.ts";
import { describeLostSource } from "../groups/instance-on-host.ts";
import type { Health } from "../health/io/health.ts";
import type { Applier } from "../keepalived/io/apply.ts";
import type { HeldVips } from "../keepalived/io/held-vips.ts";
import type { GroupListening } from "../listening/io/group-listening.ts";
import { withoutAddresses } from "../network/host-network.ts";
import type { NetworkCache } from "../network/io/network.ts";
import type { LiveSettings } from "../settings/io/settings.ts";
import type { InForceSubscriber } from "../vrrp/in-force.ts";
import { ownLinks } from "./begin-groups.ts";

export interface ResumeOptions {
  readonly live: LiveSettings;
  readonly network: Pick<NetworkCache, "read">;
  readonly heldVips: Pick<HeldVips, "addresses">;
  readonly applier: Pick<Applier, "lastConfirmed" | "inForce" | "resume">;
  readonly health: Pick<Health, "setHold" | "addPlans">;
  readonly listening: Pick<GroupListening, "begin">;
  readonly toldAtOnce: readonly InForceSubscriber[];
  readonly log: Logger;
}

/** Does nothing where this run has applied a configuration. Never throws. */
export async function resume(options: ResumeOptions): Promise<void> {
  const { live, applier, health, listening, toldAtOnce, log } = options;
  const groups = applier.lastConfirmed;
  try {
    const network = withoutAddresses(await options.network.read(), options.heldVips.addresses);
    const isResumed = await applier.resume(async () => {
      for (const group of groups) health.setHold(group.name, describeLostSource(group, network), "source");
      listening.begin(
        groups.map((instance) => ({ instance, turnDelayMs: 0 })),
        ownLinks(network),
      );
      await health.addPlans(deriveEnvironmentPlans(groups, live.current));
    });
    if (!isResumed) return;
    log.warn("keepalived was started with the configuration of an earlier run");
    const names = new Set(groups.map(({ name }) => name));
    const unknown = { changing: new Map(), prioritySources: new Map() };
    const now = { ...unknown, instances: applier.inForce, network, groups: names };
    for (const part of toldAtOnce) part.setInForce(now);
  } catch (err) {
    log.warn({ err }, "configuration of an earlier run was not used");
  }
}
