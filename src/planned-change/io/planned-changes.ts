/** The planned changes of this host's groups: what keepalived should run now, step by step, until each change is done. */
import type { Logger } from "pino";
import { canRunHere } from "../../groups/instance-on-host.ts";
import { allAddresses, type HostNetwork } from "../../network/host-network.ts";
import type { StateDir } from "../../system/io/state-dir.ts";
import type { Advert } from "../../vrrp/advert.ts";
import type { Desired, Instance } from "../../vrrp/instance.ts";
import { isSameGroup } from "../../vrrp/same-group.ts";
import {
  beginChange,
  isHeldBack,
  noteAdvert,
  noteInForce,
  type PlannedChange,
  redirectChange,
} from "../planned-change.ts";
import { atListedAddress, postponeConflicts, predecessorOf } from "../predecessor.ts";
import { mayHaveChanged, parseChanges } from "../remembered.ts";
import { forElection, nextStep, type Step } from "../step.ts";
import { type ChangeListeners, type Listen, openChangeListeners } from "./change-listeners.ts";
import { openFormerGroups } from "./former-groups.ts";

export interface PlannedChangesOptions {
  readonly stateDir: StateDir;
  readonly listen: Listen;
  readonly stateOf: (group: string) => string | undefined;
  /** An advert may allow the next step: it is time to step again. */
  readonly onTurn: () => void;
  /** A planned change begins, or is done: then `to` is undefined. */
  readonly onChange: (group: string, to?: string) => void;
  readonly log: Logger;
}

export interface StepContext {
  readonly network: HostNetwork;
  /** The address by which the other hosts know this one, for groups where it is not the source. */
  readonly listedAddresses: ReadonlyMap<string, string>;
}

export interface Stepped {
  readonly desired: Desired;
  /** Why this host may not own the VIPs of a group yet, by group. */
  readonly holds: ReadonlyMap<string, string>;
  /** When to step again, even if nothing is heard. */
  readonly recheckMs: number | undefined;
}

export interface PlannedChanges {
  /** Whether a group of this host waits for its next step. */
  readonly isUnderWay: boolean;
  /** What the hosts of a group may run while it changes, by group. */
  readonly changing: ReadonlyMap<string, readonly Instance[]>;
  /**
   * Gives what keepalived should run now, on the way from what is in force to what is desired.
   *
   * @throws {AgentError} if changes.json cannot be written.
   */
  step(desired: Desired, inForce: readonly Instance[], context: StepContext): Promise<Stepped>;
  /**
   * Completes the last step: what it gave is in force since `inForceMs`.
   *
   * @throws {AgentError} CONF_UNWRITABLE. Call it again after that.
   */
  completeStep(inForceMs: number): Promise<void>;
}

interface ListeningChange extends PlannedChange {
  readonly listeners: ChangeListeners;
}

export async function openPlannedChanges(options: PlannedChangesOptions): Promise<PlannedChanges> {
  const { stateDir, log } = options;
  let remembered = parseChanges(await stateDir.read("changes.json"));
  let written = JSON.stringify(remembered);
  const changes = new Map<string, ListeningChange>();
  const formerGroups = openFormerGroups(options.listen, options.onTurn);

  const onAdvert = (link: string, advert: Advert): void => {
    for (const change of changes.values()) {
      if (noteAdvert(change, link, advert, performance.now())) options.onTurn();
    }
  };
  const begin = (to: Instance, formers: readonly Instance[], isHeld: boolean): ListeningChange => {
    const listeners = openChangeListeners(options.listen, onAdvert);
    const change = { ...beginChange(to, formers, isHeld, performance.now()), listeners };
    changes.set(to.name, change);
    const [from, next] = [formers.map(describeGroup), describeGroup(to)];
    log.info({ group: to.name, from, to: next }, "planned change of a group begins");
    options.onChange(to.name, next);
    return change;
  };
  const end = (group: string): void => {
    changes.get(group)?.listeners.close();
    if (!changes.delete(group)) return;
    log.info({ group }, "planned change of a group is over");
    options.onChange(group);
  };
  const findOrBegin = (to: Instance, from: Instance): ListeningChange | undefined => {
    const change = changes.get(to.name);
    if (change !== undefined) {
      redirectChange(change, to, from, performance.now());
      return change;
    }
    const earlier = remembered[to.name] ?? formerGroups.formerGroupsOf(to.name);
    const formers = earlier.filter((former) => mayHaveChanged(former, to));
    if (formers.length > 0) return begin(to, formers, true);
    return isSameGroup(from, to) ? undefined : begin(to, [from], false);
  };
  const takeStep = (to: Instance, before: Instance, context: StepContext): Step | undefined => {
    const { network, listedAddresses } = context;
    const from = { ...before, name: to.name };
    const change = findOrBegin(to, from);
    if (change === undefined) return undefined;
    if (change.formerGroups.length === 0) {
      end(to.name);
      return undefined;
    }
    if (listedAddresses.has(to.name)) change.sinceMs = performance.now();
    change.ownAddresses = new Set(allAddresses(network));
    change.listeners.setInterfaces(interfacesOf(change, network));
    const isOwner = options.stateOf(before.name) === "MASTER";
    const heard = { ...change.heard, listeningSinceMs: change.listeners.sinceMs };
    const isHeld = isHeldBack(change);
    const canStay = canRunHere(from, network);
    const step = nextStep({ ...change, from, isOwner, isHeld, canStay, heard }, performance.now());
    change.progress = { ...step, wasOwner: isOwner };
    return step;
  };
  /** A group that starts here without memory has no predecessor, unless a peer owns its VIPs in a former group. */
  const hearPredecessor = (to: Instance, { network }: StepContext): Instance | undefined => {
    const own = new Set(allAddresses(network));
    if (remembered[to.name] === undefined && to.unicast?.isAlone !== true)
      formerGroups.listenFor(to, (address) => own.has(address));
    return formerGroups.formerGroupsOf(to.name).length > 0 ? to : undefined;
  };
  const remember = async (): Promise<void> => {
    const json = Object.fromEntries(
      [...changes].map(([group, change]) => [group, change.formerGroups.map(withoutPassword)]),
    );
    const text = JSON.stringify(json);
    if (text === written) return;
    await stateDir.write("changes.json", json);
    written = text;
  };

  return {
    get isUnderWay() {
      return [...changes.values()].some(({ progress }) => progress.phase !== "watching");
    },
    get changing() {
      return new Map(
        [...changes].map(([group, change]) => [
          group,
          [...change.formerGroups, change.to, forElection(change.to)],
        ]),
      );
    },
    step: async (desired, inForce, context) => {
      const steps = desired.instances.map((to) => {
        const before =
          predecessorOf(to, desired, inForce) ??
          atListedAddress(to, context.listedAddresses.get(to.name)) ??
          hearPredecessor(to, context);
        return { to, before, step: before && takeStep(to, before, context) };
      });
      const instances = postponeConflicts(
        steps.map((one) => ({ ...one, instance: one.step?.instance ?? one.to })),
      );
      const names = new Set(desired.instances.map(({ name }) => name));
      for (const group of changes.keys()) if (!names.has(group)) end(group);
      remembered = {};
      await remember();
      const holds = steps.flatMap(({ to, step }) =>
        step?.phase === "held" ? ([[to.name, step.reason]] as const) : [],
      );
      const timesMs = steps.flatMap(({ step }) => (step && step.phase !== "done" ? step.recheckMs : []));
      const listenMs = formerGroups.closeExpired() ?? [];
      const recheckMs = Math.min(...timesMs.concat(listenMs));
      return {
        desired: { ...desired, instances },
        holds: new Map(holds),
        recheckMs: Number.isFinite(recheckMs) ? recheckMs : undefined,
      };
    },
    completeStep: async (inForceMs) => {
      for (const [group, change] of changes) {
        if (change.progress.phase === "done") end(group);
        else noteInForce(change, inForceMs);
      }
      await remember();
    },
  };
}

/**
 * The interfaces of all groups of a change that exist on this host. A listener goes on where its interface is renamed, so
 * one whose interface is gone must be closed: it would hear another group's adverts as the former group's.
 */
function interfacesOf({ to, formerGroups }: PlannedChange, { interfaces }: HostNetwork): Set<string> {
  const existing = new Set(interfaces.map(({ name }) => name));
  return new Set([to, ...formerGroups].map((instance) => instance.interface)).intersection(existing);
}

function withoutPassword({ authPass: _authPass, ...instance }: Instance): Omit<Instance, "authPass"> {
  return instance;
}

/** `VRRPv3 VRID 50 198.51.100.50 on eth0 from 198.51.100.11`. */
function describeGroup(instance: Instance): string {
  const { vrrpVersion, virtualRouterId, firstVip, unicast } = instance;
  const how = unicast === undefined ? "multicast" : `from ${unicast.source}`;
  return `VRRPv${vrrpVersion} VRID ${virtualRouterId} ${firstVip.address} on ${instance.interface} ${how}`;
}
