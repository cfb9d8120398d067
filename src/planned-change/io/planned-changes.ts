/** Planned changes of groups: each is put off, held back and let go as step.ts says, until it is over. */
import type { Logger } from "pino";
import { canRunHere } from "../../groups/instance-on-host.ts";
import { allAddresses, type HostNetwork } from "../../network/host-network.ts";
import type { StateDir } from "../../system/io/state-dir.ts";
import type { Advert } from "../../vrrp/advert.ts";
import type { Desired, Instance } from "../../vrrp/instance.ts";
import { isSameGroup } from "../../vrrp/same-group.ts";
import type { Listener } from "../../wire/subscription.ts";
import { mayDiffer, type PlannedChange, takeIn } from "../heard.ts";
import { elsewhere, predecessorOf, withoutClashes } from "../path.ts";
import { parseChanges } from "../remembered.ts";
import { hurried, nextStep, type Step } from "../step.ts";
import { openFirstSights } from "./former-groups.ts";

export interface PlannedChangesOptions {
  readonly stateDir: StateDir;
  readonly listen: (interfaceName: string, onAdvert: (advert: Advert) => void) => Listener;
  readonly stateOf: (group: string) => string | undefined;
  /** Something was heard that may be a turn. */
  readonly onHeard: () => void;
  /** A planned change begins; `to` undefined: it is over. */
  readonly onChange: (group: string, to?: string) => void;
  readonly log: Logger;
}

export interface Situation {
  readonly network: HostNetwork;
  readonly knownAs: ReadonlyMap<string, string>;
}

export interface Adapted {
  readonly desired: Desired;
  /** Why this host may not own the VIPs of a group yet. */
  readonly holds: ReadonlyMap<string, string>;
  /** When to adapt again, ms from now. */
  readonly againMs: number | undefined;
}

export interface PlannedChanges {
  /** Whether a group of this host waits for its next step. */
  readonly isUnderWay: boolean;
  /** What members of a group that changes may run meanwhile, by group. */
  readonly changing: ReadonlyMap<string, readonly Instance[]>;
  /**
   * What keepalived should run now, on its way from what is in force to what is desired.
   *
   * @param about.knownAs the address by which the others know this host, where it speaks from another: by group.
   */
  adapt(desired: Desired, inForce: readonly Instance[], about: Situation): Promise<Adapted>;
  /** What was adapted last is in force since then, ms. @throws {AgentError} CONF_UNWRITABLE; to be called again. */
  settle(inForceMs: number): Promise<void>;
}

export async function openPlannedChanges(options: PlannedChangesOptions): Promise<PlannedChanges> {
  const { stateDir, log } = options;
  let remembered = parseChanges(await stateDir.read("changes.json"));
  let written = JSON.stringify(remembered);
  const plannedChanges = new Map<string, PlannedChange>();
  const firstSights = openFirstSights(options.listen, options.onHeard);

  const hear = (interfaceName: string, advert: Advert): void => {
    for (const change of plannedChanges.values()) {
      if (takeIn(change, interfaceName, advert, performance.now())) options.onHeard();
    }
  };
  const begin = (to: Instance, formers: readonly Instance[], isHeld: boolean): PlannedChange => {
    const sinceMs = performance.now();
    const nothing = { heard: {}, listeners: new Map(), own: new Set<string>(), wasMaster: false };
    const change = { to, formers, sinceMs, isHeld, ...nothing };
    plannedChanges.set(to.name, change);
    log.info({ group: to.name, from: formers.map(shown), to: shown(to) }, "planned change of a group begins");
    options.onChange(to.name, shown(to));
    return change;
  };
  const listenWhereNeeded = (
    { listeners, to, formers }: PlannedChange,
    { interfaces }: HostNetwork,
  ): void => {
    const there = new Set(interfaces.map(({ name }) => name));
    // a listener goes on where its interface is renamed, and would take what it hears for the former group's
    const wanted = new Set([to, ...formers].map((instance) => instance.interface)).intersection(there);
    for (const [name, listener] of listeners)
      if (!wanted.has(name) && listeners.delete(name)) listener.close();
    for (const name of wanted) {
      if (!listeners.has(name))
        listeners.set(
          name,
          options.listen(name, (advert) => hear(name, advert)),
        );
    }
  };
  const end = (group: string): void => {
    for (const listener of plannedChanges.get(group)?.listeners.values() ?? []) listener.close();
    if (!plannedChanges.delete(group)) return;
    log.info({ group }, "planned change of a group is over");
    options.onChange(group);
  };
  const find = (to: Instance, from: Instance): PlannedChange | undefined => {
    const known = plannedChanges.get(to.name);
    if (known === undefined) {
      const earlier = remembered[to.name] ?? firstSights.formersOf(to.name);
      const formers = earlier.filter((former) => mayDiffer(former, to));
      if (formers.length > 0) return begin(to, formers, true);
      return isSameGroup(from, to) ? undefined : begin(to, [from], false);
    }
    if (!isSameGroup(known.to, to)) {
      // changed again before it was over: whoever has not heard of the first change may own the VIPs still
      const all = [...known.formers, known.to, from].filter((former) => !isSameGroup(former, to));
      known.formers = all.filter((one, at) => all.findIndex((other) => isSameGroup(one, other)) === at);
      [known.sinceMs, known.heard] = [performance.now(), {}];
    }
    known.to = to;
    return known;
  };
  const stepOf = (to: Instance, before: Instance, { network, knownAs }: Situation): Step | undefined => {
    const from = { ...before, name: to.name };
    const change = find(to, from);
    if (change === undefined) return undefined;
    if (change.formers.length === 0) {
      end(to.name);
      return undefined;
    }
    if (knownAs.has(to.name)) change.sinceMs = performance.now();
    change.own = new Set(allAddresses(network));
    listenWhereNeeded(change, network);
    const since = [...change.listeners.values()].map(({ sinceMs }) => sinceMs);
    const listeningSinceMs = since.includes(undefined)
      ? undefined
      : Math.max(...since.map((ms) => ms ?? Number.NEGATIVE_INFINITY));
    const isMaster = options.stateOf(before.name) === "MASTER";
    const heard = { ...change.heard, listeningSinceMs };
    const canStay = canRunHere(from, network);
    const step = nextStep({ ...change, from, isMaster, heard, canStay }, performance.now());
    [change.step, change.wasMaster, change.isHeld] = [step, isMaster, step.hold !== undefined];
    return step;
  };
  /** A group without memory comes from nothing, unless a peer is heard to own it as another one. */
  const meet = (to: Instance, { network }: Situation): Instance | undefined => {
    const own = new Set(allAddresses(network));
    if (remembered[to.name] === undefined && to.unicast?.isAlone !== true)
      firstSights.meet(to, (address) => own.has(address));
    return firstSights.formersOf(to.name).length > 0 ? to : undefined;
  };
  const remember = async (): Promise<void> => {
    const changes = Object.fromEntries(
      [...plannedChanges].map(([group, { formers }]) => [
        group,
        formers.map(({ authPass: _secret, ...former }) => former),
      ]),
    );
    const text = JSON.stringify(changes);
    if (text === written) return;
    await stateDir.write("changes.json", changes);
    written = text;
  };

  return {
    get isUnderWay() {
      return [...plannedChanges.values()].some(({ step }) => step?.isMinding !== true);
    },
    get changing() {
      return new Map(
        [...plannedChanges].map(([group, { to, formers }]) => [group, [...formers, to, hurried(to)]]),
      );
    },
    adapt: async (desired, inForce, about) => {
      const steps = desired.instances.map((to) => {
        const before =
          predecessorOf(to, desired, inForce) ?? elsewhere(to, about.knownAs.get(to.name)) ?? meet(to, about);
        return { to, before, step: before && stepOf(to, before, about) };
      });
      const instances = withoutClashes(
        steps.map((one) => ({ ...one, instance: one.step?.instance ?? one.to })),
      );
      const names = new Set(desired.instances.map(({ name }) => name));
      for (const group of plannedChanges.keys()) if (!names.has(group)) end(group);
      remembered = {};
      await remember();
      const times = steps.flatMap(({ step }) => step?.againMs ?? []);
      const restMs = firstSights.tend();
      if (restMs !== undefined) times.push(restMs);
      return {
        desired: { ...desired, instances },
        holds: new Map(
          steps.flatMap(({ to, step }) => (step?.hold === undefined ? [] : [[to.name, step.hold]])),
        ),
        againMs: times.length === 0 ? undefined : Math.min(...times),
      };
    },
    settle: async (inForceMs) => {
      for (const [group, change] of plannedChanges) {
        if (change.step?.isOver) end(group);
        else if (change.wasMaster && change.isHeld) {
          change.heard = { ...change.heard, farewellMs: inForceMs };
        }
      }
      await remember();
    },
  };
}

function shown(instance: Instance): string {
  const { vrrpVersion, virtualRouterId, firstVip, unicast } = instance;
  const how = unicast === undefined ? "multicast" : `from ${unicast.source}`;
  return `VRRPv${vrrpVersion} VRID ${virtualRouterId} ${firstVip.address} on ${instance.interface} ${how}`;
}
