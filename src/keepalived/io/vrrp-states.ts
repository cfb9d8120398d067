/** Which state each instance is in, by what keepalived says: transitions as they come, dumps as the last word. */
import type { Instance } from "../../vrrp/instance.ts";
import type { InstanceDump } from "../dump.ts";
import { type InstanceStatus, instanceStatus, type KeepalivedStatus } from "../instance-status.ts";
import type { Transition } from "../transition.ts";

export interface VrrpStates {
  /** The instances of the configuration in force, and where their priorities came from, as far as that is known. */
  setInstances(instances: readonly Instance[], prioritySources?: ReadonlyMap<string, string>): void;
  /** A transition that keepalived told. */
  applyTransition(event: Transition): void;
  /** How many transitions keepalived has told. */
  readonly transitionCount: number;
  /**
   * keepalived's own account.
   *
   * @param toldBefore how many transitions it had told when it was asked: an account from before one is out of date.
   */
  applyDump(states: readonly InstanceDump[], toldBefore?: number): void;
  /** keepalived does not run. */
  setStopped(): void;
  /** As keepalived last said: `MASTER`, `BACKUP`, ...; undefined before it said anything. */
  stateOf(instance: string): string | undefined;
}

export interface VrrpStatesOptions {
  /** ISO 8601: since when the states are unknown that keepalived has not told yet. */
  readonly startedAt: string;
  readonly onStatus: (change: Partial<KeepalivedStatus>) => void;
}

export function createVrrpStates({ startedAt, onStatus }: VrrpStatesOptions): VrrpStates {
  let instances: readonly Instance[] = [];
  let sources: ReadonlyMap<string, string> = new Map();
  const states = new Map<string, { name: string; since: string }>();
  const accounted = new Map<string, number>();
  let told = 0;

  const show = (text?: string): void => {
    const unknown = { name: "UNKNOWN", since: startedAt };
    const shown: InstanceStatus[] = instances.map((instance) =>
      instanceStatus(instance, states.get(instance.name) ?? unknown, sources.get(instance.name)),
    );
    const event = text === undefined ? {} : { lastEvent: { at: new Date().toISOString(), text } };
    onStatus({ instances: shown, ...event });
  };
  const enter = (instance: string, name: string, since: string): boolean => {
    if (states.get(instance)?.name === name) return false;
    states.set(instance, { name, since });
    return true;
  };

  return {
    setInstances: (next, prioritySources) => {
      instances = next;
      sources = prioritySources ?? new Map();
      show();
    },
    get transitionCount() {
      return told;
    },
    applyTransition: ({ instance, state }) => {
      told += 1;
      if (enter(instance, state, new Date().toISOString())) show(`${instance} became ${state}`);
    },
    applyDump: (accounts, toldBefore = told) => {
      if (told !== toldBefore) return;
      for (const { instance, state, lastTransition } of accounts) {
        // The same transition again may be older than one that was told meanwhile. Times are not compared: clocks are set
        if (accounted.get(instance) === lastTransition) continue;
        accounted.set(instance, lastTransition);
        enter(instance, state, new Date(lastTransition * 1_000).toISOString());
      }
      show();
    },
    setStopped: () => {
      for (const { name } of instances) enter(name, "STOPPED", new Date().toISOString());
      show("keepalived ended");
    },
    stateOf: (instance) => states.get(instance)?.name,
  };
}
