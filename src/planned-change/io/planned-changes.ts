/** The planned changes of this host's groups: what keepalived should run now, step by step, until each change is done. */
import type { Logger } from "pino";
import { canRunHere } from "../../groups/instance-on-host.ts";
import { allAddresses } from "../../network/host-network.ts";
import type { StateDir } from "../../system/io/state-dir.ts";
import type { Advert } from "../../vrrp/advert.ts";
import { advertSource } from "../../vrrp/advert-source.ts";
import type { Desired, Instance } from "../../vrrp/instance.ts";
import type { WireFrame } from "../../wire/frame.ts";
import type { FormerOwner } from "../change-state.ts";
import { describeGroup } from "../group-text.ts";
import { hearingFor, type Surroundings } from "../hearing.ts";
import { type GroupStates, groupStates, otherGroupsOf, vipsOfRefusedAlone } from "../other-groups.ts";
import { createOwnerIntervals } from "../owner-interval.ts";
import {
  isHeldBack,
  noteAdvert,
  noteAnswer,
  noteInForce,
  noteOwnerMac,
  type PlannedChange,
  type VipAnswer,
} from "../planned-change.ts";
import { atListedAddress, findPredecessors, postponeConflicts } from "../predecessor.ts";
import { forElection, type Step } from "../step.ts";
import { changeTowards, takeTurn } from "../turn.ts";
import { type ChangeListeners, type Listen, openChangeListeners } from "./change-listeners.ts";
import { openChangeMemory } from "./change-memory.ts";
import { openFormerGroups } from "./former-groups.ts";
import { askableVips, askedAddress, canAskFor, interfacesOf } from "./listened-links.ts";

export interface PlannedChangesOptions {
  readonly stateDir: StateDir;
  readonly listen: Listen;
  readonly stateOf: (group: string) => string | undefined;
  /** An advert may allow the next step: it is time to step again. */
  readonly onTurn: () => void;
  /** A planned change begins `to`, or is done, maybe `despite` an owner that has not changed. */
  readonly onChange: (group: string, how: { readonly to?: string; readonly despite?: string }) => void;
  readonly log: Logger;
}

export interface StepContext extends Surroundings {
  /** The address by which the other hosts know this one, for groups where it is not the source. */
  readonly listedAddresses: ReadonlyMap<string, string>;
  /** The VIPs of groups that are not among the desired ones, because their settings are refused. */
  readonly refusedVips: ReadonlySet<string>;
}

export interface Stepped {
  readonly desired: Desired;
  /** Why this host may not own the VIPs of a group yet, by group. */
  readonly holds: ReadonlyMap<string, string>;
  /** When to step again, even if nothing is heard. */
  readonly recheckMs: number | undefined;
  /** Sentences for the operator. */
  readonly advice: readonly string[];
}

export interface PlannedChanges {
  /** Whether a group of this host waits for its next step. */
  readonly isUnderWay: boolean;
  /** What the hosts of a group may run while it changes, by group. */
  readonly changing: ReadonlyMap<string, readonly Instance[]>;
  /** Gives what keepalived should run now, on the way from what is in force to what is desired. */
  step(desired: Desired, inForce: readonly Instance[], context: StepContext): Promise<Stepped>;
  /** Completes the last step: what it gave is in force since `inForceMs`. */
  completeStep(inForceMs: number): Promise<void>;
  /** Takes every frame from the wire: an owner states its interval, or another machine answers for a VIP. */
  noteFrame(frame: WireFrame): void;
}

interface ListeningChange extends PlannedChange {
  readonly listeners: ChangeListeners;
}

export async function openPlannedChanges(options: PlannedChangesOptions): Promise<PlannedChanges> {
  const { log } = options;
  const memory = await openChangeMemory(options.stateDir);
  const changes = new Map<string, ListeningChange>();
  let foreignVips: ReadonlySet<string> = new Set();
  /** Adverts of a group that is refused here belong to no group: they must not hold another group. */
  const listen: Listen = (link, onAdvert, guarded) => {
    const isForeign = ({ addresses }: Advert) => addresses.some((address) => foreignVips.has(address));
    return options.listen(link, (advert) => void (isForeign(advert) || onAdvert(advert)), guarded);
  };
  const isOwner = (group: string): boolean => options.stateOf(group) === "MASTER";
  const isCandidate = (group: string) => ["MASTER", "BACKUP"].includes(options.stateOf(group) ?? "");
  const formerGroups = openFormerGroups({ listen, isOwner, isCandidate, onFound: options.onTurn });
  const intervals = createOwnerIntervals(isOwner);
  let states: GroupStates = new Map();
  let ownMacs: ReadonlySet<string> = new Set();

  const onAdvert = (link: string, advert: Advert): void => {
    for (const change of changes.values()) {
      if (noteAdvert(change, link, advert, performance.now())) options.onTurn();
    }
  };
  const noteVipAnswer = (answer: VipAnswer, nowMs: number): void => {
    formerGroups.noteAnswer(answer.interface, answer.address);
    for (const change of changes.values()) if (noteAnswer(change, answer, nowMs)) options.onTurn();
  };
  const begin = (begun: PlannedChange): ListeningChange => {
    const { to } = begun;
    const change = { ...begun, listeners: openChangeListeners(listen, onAdvert) };
    changes.set(to.name, change);
    const [from, next] = [begun.formerGroups.map(describeGroup), describeGroup(to)];
    log.info({ group: to.name, from, to: next }, "planned change of a group begins");
    options.onChange(to.name, { to: next });
    return change;
  };
  const end = (group: string): void => {
    const change = changes.get(group);
    change?.listeners.close();
    if (!changes.delete(group)) return;
    const ignored = change?.progress.phase === "done" ? change.progress.ignored : undefined;
    log.info({ group }, "planned change of a group is over");
    if (ignored === undefined) options.onChange(group, {});
    else reportIgnored(group, ignored);
  };
  const reportIgnored = (group: string, { source, difference }: FormerOwner): void => {
    const fields = { group, source, reason: difference?.text };
    log.warn(fields, "another host owns the VIPs with other settings: this host waits no longer");
    options.onChange(group, { despite: source });
  };
  /** A group that is renamed takes its change along. */
  const rename = (former: string, name: string): void => {
    const change = changes.get(former);
    if (former === name || change === undefined || changes.has(name)) return;
    changes.delete(former);
    changes.set(name, change);
  };
  const takeStep = (to: Instance, before: Instance, context: StepContext): Step | undefined => {
    rename(before.name, to.name);
    const from = { ...before, name: to.name };
    const former = intervals.atOwnerInterval(from, performance.now());
    const known = changes.get(to.name);
    // a barred group changes from the source that the other hosts know to the one that they must learn of
    const listed = atListedAddress(to, context.listedAddresses.get(to.name)) ?? [];
    const remembered = [...memory.take(to.name), ...memory.take(before.name)].concat(listed);
    const found = formerGroups.formerGroupsOf(to.name);
    const next = changeTowards(known, { from: former, to, remembered, found }, performance.now());
    if (next === undefined) {
      end(to.name);
      return undefined;
    }
    const change = known ?? begin(next);
    change.listeners.setInterfaces(interfacesOf(change, context.network));
    const host = {
      from,
      isOwner: isOwner(before.name),
      canAsk: canAskFor(change, context.network),
      canStay: canRunHere(from, context.network),
      source: advertSource(to, context.network),
      isListedElsewhere: context.listedAddresses.has(to.name),
      listeningSinceMs: change.listeners.sinceMs,
      heardUntilMs: change.listeners.untilMs,
      hearing: hearingFor([to, ...change.formerGroups], context),
      otherGroups: otherGroupsOf(to.name, states),
    };
    const wasHeld = isHeldBack(change);
    const step = takeTurn(change, host, performance.now());
    if (wasHeld && step.phase === "watching" && step.ignored) reportIgnored(to.name, step.ignored);
    change.listeners.setAsked(askedAddress(change, context.network));
    return step;
  };
  /** Listens for each group as it begins here. One without memory has no predecessor until a member is heard. */
  const listenFor = (
    to: Instance,
    before: Instance | undefined,
    context: StepContext,
  ): Instance | undefined => {
    const known = {
      to,
      formerGroups: before === undefined ? [] : [before],
      otherGroups: otherGroupsOf(to.name, states),
      hearing: hearingFor([to], context),
      askable: askableVips(to, context.network),
    };
    formerGroups.listenFor(known, interfacesOf({ to, formerGroups: [] }, context.network));
    return formerGroups.formerGroupsOf(to.name).length > 0 ? to : undefined;
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
      ownMacs = new Set(context.network.interfaces.flatMap(({ mac }) => mac ?? []));
      intervals.setInForce(inForce, new Set(allAddresses(context.network)));
      states = groupStates(states, { desired, inForce, changes, remembered: memory.remembered });
      foreignVips = vipsOfRefusedAlone(context.refusedVips, states);
      const predecessorOf = findPredecessors(desired, inForce);
      const steps = desired.instances.map((to) => {
        const known = predecessorOf(to) ?? atListedAddress(to, context.listedAddresses.get(to.name));
        const heard = listenFor(to, known, context);
        const before = known ?? heard;
        return { to, before, step: before && takeStep(to, before, context) };
      });
      const instances = postponeConflicts(
        steps.map((one) => ({ ...one, instance: one.step?.instance ?? one.to })),
      );
      const names = new Set(desired.instances.map(({ name }) => name));
      for (const group of changes.keys()) if (!names.has(group)) end(group);
      formerGroups.retainGroups(names);
      await memory.write(changes);
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
        advice: memory.problem === undefined ? [] : [memory.problem],
      };
    },
    completeStep: async (inForceMs) => {
      for (const [group, change] of changes) {
        if (change.progress.phase === "done") end(group);
        else noteInForce(change, inForceMs);
      }
      await memory.write(changes);
    },
    noteFrame: ({ interface: link, advert, claim, mac }) => {
      const nowMs = performance.now();
      if (advert !== undefined) intervals.noteAdvert(link, advert, nowMs);
      if (ownMacs.has(mac)) return;
      if (advert !== undefined)
        for (const change of changes.values()) noteOwnerMac(change, link, advert, mac);
      if (claim !== undefined) noteVipAnswer({ interface: link, address: claim.address, mac }, nowMs);
    },
  };
}
