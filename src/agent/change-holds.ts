/**
 * Holds of planned changes, in step with what keepalived runs.
 *
 * A hold on a group's new form begins once its configuration is accepted. If it began earlier, an owner whose new
 * configuration is refused would give its VIPs away at each try, and a backup would stay held back as long as the
 * configuration is refused.
 *
 * A hold ends once keepalived runs the new form. In an election a host hears no owner of that form: if the hold ended
 * earlier, this host could become a second owner.
 */
import { forElection } from "../planned-change/step.ts";
import type { Instance } from "../vrrp/instance.ts";
import { isSameGroup } from "../vrrp/same-group.ts";

/** Why each group is held back; undefined or missing if it is not. */
export type HoldReasons = ReadonlyMap<string, string | undefined>;

export interface StagedHolds {
  /** The new configuration is accepted, and keepalived is about to run it. */
  begin(): void;
  /** keepalived runs it. */
  complete(): void;
  /** keepalived did not take it. Groups that run as before are held back as before. */
  withdraw(inForce: readonly Instance[]): void;
}

export interface ChangeHolds {
  /** Sets at once the holds on groups as they run already, and keeps the others for later. */
  stage(next: readonly Instance[], reasons: HoldReasons, inForce: readonly Instance[]): StagedHolds;
}

export function createChangeHolds(setHold: (group: string, reason: string | undefined) => void): ChangeHolds {
  const current = new Map<string, string | undefined>();
  const set = ({ name }: Instance, reason: string | undefined) => {
    current.set(name, reason);
    setHold(name, reason);
  };
  return {
    stage: (next, reasons, inForce) => {
      const before = new Map(current);
      const isReady = (instance: Instance): boolean => {
        const running = inForce.find(({ name }) => name === instance.name);
        if (running === undefined || isSameGroup(running, instance)) return true;
        return reasons.get(instance.name) !== undefined && isSameGroup(running, forElection(instance));
      };
      const waiting = next.filter((instance) => !isReady(instance));
      const held = waiting.filter(({ name }) => reasons.get(name) !== undefined);
      const released = waiting.filter(({ name }) => reasons.get(name) === undefined);
      for (const instance of next) if (isReady(instance)) set(instance, reasons.get(instance.name));
      return {
        begin: () => {
          for (const instance of held) set(instance, reasons.get(instance.name));
        },
        complete: () => {
          for (const instance of released) set(instance, undefined);
        },
        withdraw: (running) => {
          for (const former of inForce) {
            const isBack = running.some((one) => one.name === former.name && isSameGroup(one, former));
            if (isBack && held.some(({ name }) => name === former.name)) set(former, before.get(former.name));
          }
        },
      };
    },
  };
}
