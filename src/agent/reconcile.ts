/**
 * The one reconcile loop: what is known becomes what is desired, that becomes text, and a text that differs is
 * brought into force. At once after quiet; behind a reload, whatever came meanwhile is one change.
 */
import type { Logger } from "pino";
import type { Reload } from "../conf/applied.ts";
import { readTemplate } from "../conf/io/template.ts";
import { hidePasswords } from "../conf/passwords.ts";
import type { Surroundings } from "../conf/paths.ts";
import { renderConf } from "../conf/render.ts";
import { AgentError } from "../errors.ts";
import { deriveDesiredState, prioritySources } from "../groups/desired-state.ts";
import { deriveHealthPlans } from "../groups/health-plans.ts";
import { describeLostSource } from "../groups/instance-on-host.ts";
import { resolveGroups } from "../groups/resolved-groups.ts";
import type { HealthOfGroups } from "../health/io/health.ts";
import type { Applier } from "../keepalived/io/apply.ts";
import type { HeldVips } from "../keepalived/io/held-vips.ts";
import type { VrrpWatch } from "../keepalived/io/vrrp-states.ts";
import type { Strangers } from "../keepalived/unknown-senders.ts";
import type { Knowledge } from "../metadata/io/store.ts";
import { type HostNetwork, withoutAddresses } from "../network/host-network.ts";
import type { NetworkView } from "../network/io/network.ts";
import type { PlannedChanges } from "../planned-change/io/planned-changes.ts";
import { refuseContainerNetwork } from "../preflight/io/container-network.ts";
import type { LiveSettings } from "../settings/io/settings.ts";
import type { Sentinel } from "../split-brain/io/sentinel.ts";
import type { StatusStore } from "../status/io/store.ts";
import type { Trigger } from "../system/io/trigger.ts";
import type { Report } from "../system/report.ts";
import { type Desired, interfaceNumbers } from "../vrrp/instance.ts";
import { holdLateStarts } from "./late-start.ts";
import type { FirstTurns } from "./start-order.ts";

/** Least time between two reloads, ms. Below the startup delay, in which a newcomer must be heard of. */
const RELOAD_GAP_MS = 2_000;
/** After a failure the same is tried again, ms: an interface may have appeared, a disk have space again. */
const RETRY_MS = 5_000;

export interface ReconcilerOptions {
  readonly live: LiveSettings;
  readonly templatePath: string;
  readonly around: Surroundings;
  readonly network: NetworkView;
  readonly knowledge: Knowledge;
  readonly heldVips: HeldVips;
  readonly applier: Applier;
  readonly plannedChanges: PlannedChanges;
  readonly firstTurns: FirstTurns;
  readonly health: HealthOfGroups;
  readonly sentinel: Sentinel;
  readonly strangers: Strangers;
  readonly vrrp: VrrpWatch;
  readonly store: StatusStore;
  readonly reports: { readonly advice: Report; readonly configuration: Report };
  readonly trigger: Trigger;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Reconciles whenever the trigger fires, until the signal aborts. */
export async function reconcileForEver(options: ReconcilerOptions): Promise<void> {
  const { trigger, signal } = options;
  let nextMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    await trigger.wait();
    await restUntil(nextMs, options);
    if (signal.aborted) return;
    try {
      const { hasChanged, againMs } = await reconcile(options);
      // in a planned change a group has no owner until its next step
      if (hasChanged && !options.plannedChanges.isUnderWay) nextMs = performance.now() + RELOAD_GAP_MS;
      trigger.fireIn(againMs);
    } catch (error) {
      if (signal.aborted) return;
      await keepWhatRuns(error, options);
      options.network.outdate(); // it may be what it failed for
      trigger.fireIn(RETRY_MS);
    }
  }
}

/** Nothing is reloaded until then; but to be owner with a source that is lost is nothing to wait with. */
async function restUntil(untilMs: number, options: ReconcilerOptions): Promise<void> {
  const { trigger, signal } = options;
  for (;;) {
    const restMs = untilMs - performance.now();
    if (restMs <= 0 || signal.aborted) return;
    const network = await options.network.read().catch(() => undefined);
    if (network !== undefined) holdUnheard(network, options);
    await trigger.wait(restMs);
  }
}

/** @throws {AgentError} and what was in force stays in force. */
async function reconcile(options: ReconcilerOptions): Promise<{ hasChanged: boolean; againMs: number }> {
  const { knowledge, heldVips, applier, reports, plannedChanges, health, strangers } = options;
  const settings = options.live.current;
  const { view } = knowledge;
  if (view === undefined) {
    await resume(options);
    return { hasChanged: false, againMs: options.network.restMs };
  }
  const inForce = applier.confirmed;
  const groups = resolveGroups(settings, view.snapshot, inForce);
  await health.follow(deriveHealthPlans(groups, settings.agent.checkScript));
  const network = withoutAddresses(await options.network.read(), heldVips.addresses);
  holdUnheard(network, options);
  const wanted = deriveDesiredState({ groups, view, network, inForce });
  if (wanted.failure !== undefined) throw wanted.failure;
  await refuseContainerNetwork(network, view.snapshot.self.agentIp, wanted.desired.instances);
  const advice = [...wanted.advice, ...strangers.advice(performance.now())];
  if (advice.length === 0) reports.advice.ok();
  else reports.advice.problem(advice.join("; "));
  const about = { network, knownAs: wanted.listedAddresses };
  const { desired, ...change } = await plannedChanges.adapt(wanted.desired, inForce, about);
  const turn = options.firstTurns.holds(desired, view);
  for (const { name } of desired.instances) {
    health.hold(name, wanted.barred.get(name) ?? change.holds.get(name) ?? turn.holds.get(name));
  }
  const letGo = holdLateStarts(desired.instances, applier.inForce, health);
  const hasChanged = await bringIntoForce(desired, network, options).finally(letGo);
  options.vrrp.expect(applier.inForce, prioritySources(wanted));
  const inForceMs = performance.now();
  holdUnheard(network, options);
  await applier.settle();
  await plannedChanges.settle(inForceMs);
  options.sentinel.follow(applier.inForce, network, plannedChanges.changing);
  health.retain(new Set([...wanted.refusals.keys(), ...desired.instances.map(({ name }) => name)]));
  if (wanted.refusals.size === 0) reports.configuration.ok();
  else reports.configuration.problem(refusalOf(wanted.refusals));
  const isRefused = wanted.refusals.size > 0;
  if (isRefused) options.network.outdate();
  const retryMs = isRefused ? RETRY_MS : undefined;
  const due = [retryMs, change.againMs, turn.againMs, strangers.againMs].filter((ms) => ms !== undefined);
  return { hasChanged, againMs: Math.min(options.network.restMs, ...due) };
}

/** keepalived goes on as owner though its source is gone, and so do the others, who hear nothing of it. */
function holdUnheard(network: HostNetwork, { applier, health }: ReconcilerOptions): void {
  for (const instance of applier.inForce)
    health.hold(instance.name, describeLostSource(instance, network), "source");
}

/** @returns whether keepalived took a change. */
async function bringIntoForce(
  desired: Desired,
  network: HostNetwork,
  options: ReconcilerOptions,
): Promise<boolean> {
  const { applier, store, log } = options;
  const startedMs = performance.now();
  const template = await readTemplate(options.templatePath);
  const text = renderConf(template, desired, options.around);
  const kept = renderConf(template, hidePasswords(desired), options.around);
  const interfaces = interfaceNumbers(desired.instances, network);
  if (!(await applier.apply(text, kept, desired, interfaces))) return false;
  const peers = desired.instances.flatMap(({ unicast }) => (unicast?.isAlone ? [] : (unicast?.peers ?? [])));
  const durationMs = Math.round(performance.now() - startedMs);
  log.info({ peers: [...new Set(peers)], durationMs }, "configuration applied");
  const appliedCount = store.status.configuration.appliedCount + 1;
  const appliedAt = new Date().toISOString();
  const lastReload = { at: appliedAt, outcome: "applied", durationMs, reason: undefined } as const;
  store.update({ configuration: { appliedAt, appliedCount, rejected: undefined, lastReload } });
  return true;
}

/** The groups that go on as they were, or are left out, in one problem: the others are in force. */
function refusalOf(refused: ReadonlyMap<string, AgentError>): AgentError {
  const reasons = [...refused].map(([group, { code, message }]) => `group ${group}: ${message} (${code})`);
  return new AgentError("GROUP_REFUSED", reasons.join("; "));
}

async function keepWhatRuns(error: unknown, options: ReconcilerOptions): Promise<void> {
  const { applier, reports, store } = options;
  const { configuration } = store.status;
  reports.configuration.problem(error);
  const lastReload = reloadOf(error, configuration.lastReload);
  store.update({ configuration: { ...configuration, rejected: applier.rejected, lastReload } });
  await resume(options);
}

/** The same refusal at each try is one; what kept a text from being made or judged is no reload. */
function reloadOf(error: unknown, before: Reload | undefined): Reload | undefined {
  if (!(error instanceof AgentError)) return before;
  const isRefused = ["CONF_UNEXPECTED", "CONF_REJECTED"].includes(error.code);
  if (!isRefused && !["KEEPALIVED_EXITED", "RELOAD_UNCONFIRMED"].includes(error.code)) return before;
  const reason = `${error.code}: ${error.message}`;
  if (before?.reason === reason) return before;
  const at = new Date().toISOString();
  return { at, outcome: isRefused ? "refused" : "failed", durationMs: undefined, reason };
}

/** A start that finds something broken goes on with what ran before it. */
async function resume({ applier, vrrp, log }: ReconcilerOptions): Promise<void> {
  try {
    if (!(await applier.resume())) return;
    log.warn("keepalived was started with the configuration of an earlier run");
    vrrp.expect(applier.inForce);
  } catch (err) {
    log.warn({ err }, "configuration of an earlier run was not taken");
  }
}
