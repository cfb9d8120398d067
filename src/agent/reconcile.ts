/**
 * One reconcile pass: observe, resolve, derive, step, render, apply, report. If it fails, what is in force stays.
 */
import type { Logger } from "pino";
import { readTemplate } from "../conf/io/template.ts";
import { hidePasswords } from "../conf/passwords.ts";
import type { ConfPaths } from "../conf/paths.ts";
import { renderConf } from "../conf/render.ts";
import {
  type DesiredState,
  deriveDesiredState,
  prioritySources,
  refusedVips,
} from "../groups/desired-state.ts";
import { deriveHealthPlans } from "../groups/health-plans.ts";
import { describeLostSource } from "../groups/instance-on-host.ts";
import { resolveGroups } from "../groups/resolved-groups.ts";
import type { Health } from "../health/io/health.ts";
import type { Applier } from "../keepalived/io/apply.ts";
import type { HeldVips } from "../keepalived/io/held-vips.ts";
import { adviseOnScheduling } from "../keepalived/scheduling-advice.ts";
import type { UnknownSenders } from "../keepalived/unknown-senders.ts";
import type { OwnerPace } from "../listening/owner-pace.ts";
import type { MetadataStore } from "../metadata/io/store.ts";
import type { MetadataView } from "../metadata/view.ts";
import { type HostNetwork, withoutAddresses } from "../network/host-network.ts";
import type { NetworkCache } from "../network/io/network.ts";
import { hearingFor } from "../planned-change/hearing.ts";
import type { PlannedChanges } from "../planned-change/io/planned-changes.ts";
import { refuseContainerNetwork } from "../preflight/io/container-network.ts";
import type { LiveSettings } from "../settings/io/settings.ts";
import type { Sentinel } from "../split-brain/io/sentinel.ts";
import type { StatusStore } from "../status/io/store.ts";
import type { InForce, InForceSubscriber } from "../vrrp/in-force.ts";
import { type Desired, type Instance, interfaceNumbers } from "../vrrp/instance.ts";
import { beginGroups, ownLinks } from "./begin-groups.ts";
import type { ChangeHolds, StagedHolds } from "./change-holds.ts";
import type { ConfigurationReport } from "./configuration-report.ts";
import type { Goals } from "./goals.ts";
import type { FullListening } from "./open-listening.ts";
import { resume } from "./resume.ts";

export interface ReconcileOptions {
  readonly live: LiveSettings;
  readonly templatePath: string;
  readonly confPaths: ConfPaths;
  readonly network: NetworkCache;
  readonly metadata: MetadataStore;
  readonly heldVips: HeldVips;
  readonly applier: Applier;
  readonly plannedChanges: PlannedChanges;
  readonly goals: Goals;
  readonly changeHolds: ChangeHolds;
  readonly listening: FullListening;
  readonly pace: OwnerPace;
  readonly health: Health;
  readonly sentinel: Sentinel;
  readonly unknownSenders: UnknownSenders;
  readonly toldAtOnce: readonly InForceSubscriber[];
  /** Told after the step of a planned change: only then `changing` is final. */
  readonly toldAfterStep: readonly InForceSubscriber[];
  readonly report: ConfigurationReport;
  readonly store: StatusStore;
  readonly log: Logger;
}

/** The result of a pass. */
export interface Pass {
  /** keepalived took another configuration. */
  readonly hasChanged: boolean;
  /** The next pass is due after this time, unless something changes earlier. */
  readonly nextPassMs: number;
}

/** The pass after one that refused a group or failed: an interface may have appeared, a disk may have space again. */
export const RETRY_MS = 5_000;

/** @throws {AgentError} where no group can be used as it is set, or keepalived does not take the configuration. */
export async function reconcile(options: ReconcileOptions): Promise<Pass> {
  const { live, metadata, applier, health, report } = options;
  const { view } = metadata;
  if (view === undefined) {
    if (!metadata.isAwaited) await resume(options);
    return { hasChanged: false, nextPassMs: options.network.validForMs };
  }
  const settings = live.current;
  const inForce = applier.lastConfirmed;
  const groups = resolveGroups(settings, view.snapshot, inForce);
  const plansWith = (instances: readonly Instance[]) =>
    deriveHealthPlans(groups, settings.agent.checkScript, instances);
  await health.setPlans(plansWith(inForce));

  const network = await observeNetwork(options);
  const ofRefused = options.goals.ofRefused(inForce, options.plannedChanges.isUnderWay);
  const wanted = deriveDesiredState({
    groups,
    view,
    network,
    inForce: applier.isPasswordLost ? [] : ofRefused,
  });
  // refused groups continue, with their holds and the present peers, so that they know a host that joins
  if (wanted.failure !== undefined && wanted.desired.instances.length === 0) {
    report.advise(wanted.advice);
    throw wanted.failure;
  }
  options.goals.note(wanted);
  options.pace.setWanted(wanted.desired.instances);
  await health.setPlans(plansWith([...inForce, ...wanted.desired.instances]));
  await refuseContainerNetwork(network, view.snapshot.self.agentIp, wanted.desired.instances);

  const step = await takeStep(wanted, { view, network, inForce }, options);
  const onTheWire = [options.unknownSenders, options.sentinel.returned, options.listening];
  const wireAdvice = onTheWire.flatMap((part) => part.advice(performance.now()));
  const schedulingAdvice = adviseOnScheduling(wanted.results, options.store.status.scheduling);
  report.advise([...wanted.advice, ...step.advice, ...wireAdvice, ...schedulingAdvice, ...health.advice()]);
  const { memberAddresses } = hearingFor(step.desired.instances, { network, view });
  options.sentinel.wire.setMembers(memberAddresses);
  options.listening.begin(beginGroups(step.desired.instances, view), ownLinks(network));
  const hasChanged = await renderAndApply(step, network, options);
  const present = new Set([...wanted.refusals.keys(), ...step.desired.instances.map(({ name }) => name)]);
  await announce({ network, groups: present, prioritySources: prioritySources(wanted) }, options);
  const isCleanedUp = await cleanUp(options);
  if (isCleanedUp) report.refused(wanted);
  const isRefused = wanted.refusals.size > 0 || wanted.failure !== undefined;
  if (isRefused) options.network.invalidate();
  const onTheWireMs = onTheWire.map(({ recheckMs }) => recheckMs);
  const due = [isRefused || !isCleanedUp ? RETRY_MS : undefined, step.recheckMs, ...onTheWireMs];
  return { hasChanged, nextPassMs: earliest(options.network.validForMs, due) };
}

/** This host's network without the VIPs. A group whose source is gone is held back at once. */
export async function observeNetwork(options: ReconcileOptions): Promise<HostNetwork> {
  const network = withoutAddresses(await options.network.read(), options.heldVips.addresses);
  holdUnheard(network, options);
  return network;
}

interface Observed {
  readonly view: MetadataView;
  readonly network: HostNetwork;
  readonly inForce: readonly Instance[];
}

interface NextStep {
  readonly desired: Desired;
  /** When the step after it is due; undefined where none is. */
  readonly recheckMs: number | undefined;
  readonly holds: StagedHolds;
  readonly advice: readonly string[];
}

/** The next step towards what is wanted: planned changes may hold a group back. */
async function takeStep(
  wanted: DesiredState,
  { view, network, inForce }: Observed,
  { plannedChanges, changeHolds, applier }: ReconcileOptions,
): Promise<NextStep> {
  const context = {
    network,
    view,
    listedAddresses: wanted.listedAddresses,
    refusedVips: refusedVips(wanted),
  };
  const { desired, ...change } = await plannedChanges.step(wanted.desired, inForce, context);
  const { instances } = desired;
  const reasons = new Map(
    instances.map(({ name }) => [name, wanted.barred.get(name) ?? change.holds.get(name)] as const),
  );
  const holds = changeHolds.stage(instances, reasons, applier.inForce);
  return { desired, recheckMs: change.recheckMs, holds, advice: change.advice };
}

/** @returns whether keepalived took a change. */
async function renderAndApply(
  { desired: { routerId, instances }, holds }: NextStep,
  network: HostNetwork,
  options: ReconcileOptions,
): Promise<boolean> {
  const { applier, pace } = options;
  const desired = { routerId, instances: instances.map(pace.paced) };
  const startedMs = performance.now();
  const before = applier.lastConfirmed;
  const template = await readTemplate(options.templatePath);
  const text = renderConf(template, desired, options.confPaths);
  const textWithoutPasswords = renderConf(template, hidePasswords(desired), options.confPaths);
  const interfaces = interfaceNumbers(desired.instances, network);
  const wanted = { text, textWithoutPasswords, desired, interfaces, onAccepted: holds.begin };
  try {
    const hasChanged = await applier.apply(wanted);
    holds.complete();
    if (!hasChanged) {
      options.report.unchanged();
      return false;
    }
  } catch (error) {
    holds.withdraw(applier.inForce);
    throw error;
  }
  options.report.applied(desired, before, Math.round(performance.now() - startedMs));
  return true;
}

type AnnounceOptions = Pick<ReconcileOptions, "toldAtOnce" | "toldAfterStep"> & {
  readonly applier: Pick<Applier, "inForce">;
  readonly plannedChanges: Pick<PlannedChanges, "changing" | "completeStep">;
  readonly health: Pick<Health, "setHold">;
};

/** Tells every part that depends on it which configuration is in force now. */
export async function announce(
  known: Pick<InForce, "network" | "groups" | "prioritySources">,
  { applier, plannedChanges, health, toldAtOnce, toldAfterStep }: AnnounceOptions,
): Promise<void> {
  const now = () => ({ ...known, instances: applier.inForce, changing: plannedChanges.changing });
  for (const part of toldAtOnce) part.setInForce(now());
  const inForceMs = performance.now();
  holdUnheard(known.network, { applier, health });
  await plannedChanges.completeStep(inForceMs);
  for (const part of toldAfterStep) part.setInForce(now());
}

/** It may fail for a long time, as on a full disk. The next step of a planned change must not wait for it. */
async function cleanUp({ applier, health, report }: ReconcileOptions): Promise<boolean> {
  try {
    await applier.cleanUp();
    await health.cleanUp();
    return true;
  } catch (error) {
    report.failed(error, applier.rejected);
    return false;
  }
}

/** keepalived stays owner when its source is gone, and the other hosts hear nothing of it and take over. */
function holdUnheard(
  network: HostNetwork,
  { applier, health }: Pick<AnnounceOptions, "applier" | "health">,
): void {
  for (const instance of applier.inForce)
    health.setHold(instance.name, describeLostSource(instance, network), "source");
}

function earliest<Time extends number | undefined>(
  first: Time,
  others: readonly (number | undefined)[],
): Time | number {
  const times = [first, ...others].filter((ms) => ms !== undefined);
  return times.length === 0 ? first : Math.min(...times);
}
