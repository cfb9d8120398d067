/** The state of each instance: each transition updates it, and each dump corrects it. */

import { retainNames } from "../../text/by-name.ts";
import type { InForce } from "../../vrrp/in-force.ts";
import type { Instance } from "../../vrrp/instance.ts";
import type { InstanceDump } from "../dump.ts";
import { type InstanceStatus, instanceStatus, type KeepalivedStatus } from "../instance-status.ts";
import type { Transition } from "../transition.ts";

export interface VrrpStates {
  setInForce(now: Pick<InForce, "instances" | "prioritySources">): void;
  /** Takes a transition from the notify FIFO. */
  applyTransition(event: Transition): void;
  /** How many transitions the notify FIFO has delivered. */
  readonly transitionCount: number;
  /**
   * Takes a dump.
   *
   * @param countBefore `transitionCount` when the dump was requested. A dump is ignored where a transition came since.
   */
  applyDump(dumps: readonly InstanceDump[], countBefore?: number): void;
  /** keepalived has ended. */
  setStopped(): void;
  /** `MASTER`, `BACKUP`, ..., as keepalived last reported it; undefined before its first report. */
  stateOf(instance: string): string | undefined;
}

export interface VrrpStatesOptions {
  /** ISO 8601: the start of the agent, since which a state is UNKNOWN until its first report. */
  readonly startedAt: string;
  readonly onStatus: (change: Partial<KeepalivedStatus>) => void;
}

export function createVrrpStates({ startedAt, onStatus }: VrrpStatesOptions): VrrpStates {
  let instances: readonly Instance[] = [];
  let sources: ReadonlyMap<string, string> = new Map();
  const states = new Map<string, { name: string; since: string }>();
  const lastTransitions = new Map<string, number>();
  let transitionCount = 0;

  const publish = (text?: string): void => {
    const unknown = { name: "UNKNOWN", since: startedAt };
    const status: InstanceStatus[] = instances.map((instance) =>
      instanceStatus(instance, states.get(instance.name) ?? unknown, sources.get(instance.name)),
    );
    const lastEvent = text === undefined ? {} : { lastEvent: { at: new Date().toISOString(), text } };
    onStatus({ instances: status, ...lastEvent });
  };
  const enter = (instance: string, name: string, since: string): boolean => {
    if (states.get(instance)?.name === name) return false;
    states.set(instance, { name, since });
    return true;
  };

  const forgetOthers = (groups: readonly string[]): void => {
    retainNames(states, groups);
    retainNames(lastTransitions, groups);
  };

  return {
    setInForce: ({ instances: next, prioritySources }) => {
      instances = next;
      // without instances keepalived has not confirmed its configuration yet, and goes on with the one before
      if (next.length > 0) forgetOthers(next.map(({ name }) => name));
      sources = prioritySources;
      publish();
    },
    get transitionCount() {
      return transitionCount;
    },
    applyTransition: ({ instance, state }) => {
      transitionCount += 1;
      if (enter(instance, state, new Date().toISOString())) publish(`${instance} became ${state}`);
    },
    applyDump: (dumps, countBefore = transitionCount) => {
      if (transitionCount !== countBefore) return;
      for (const { instance, state, lastTransition } of dumps) {
        // a repeated transition can be older than one from the FIFO; clocks can be set, so times do not show the order
        if (lastTransitions.get(instance) === lastTransition) continue;
        lastTransitions.set(instance, lastTransition);
        enter(instance, state, new Date(lastTransition * 1_000).toISOString());
      }
      publish();
    },
    setStopped: () => {
      for (const { name } of instances) enter(name, "STOPPED", new Date().toISOString());
      publish("keepalived ended");
    },
    stateOf: (instance) => states.get(instance)?.name,
  };
}
