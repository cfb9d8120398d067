/** Merges what the sentinel captures with what the subscribers of single interfaces need. */
import type { CaptureTarget } from "./capture-plan.ts";

/** An address that no other host should have, and the MAC of the interface that asks for it. */
export interface GuardedAddress {
  readonly address: string;
  /** Undefined: nothing is asked, and what others say of themselves is captured. */
  readonly mac: string | undefined;
}

export interface WantedInterface {
  readonly interface: string;
  readonly guarded: GuardedAddress | undefined;
}

/** One target for each interface. Those of the sentinel come first. */
export function mergeTargets(
  targets: readonly CaptureTarget[],
  wanted: readonly WantedInterface[],
): CaptureTarget[] {
  const byName = new Map(targets.map((target) => [target.interface, target]));
  for (const { interface: name, guarded } of wanted) {
    const known = byName.get(name) ?? { interface: name, mac: undefined, guardedAddresses: [] };
    byName.set(name, guarded === undefined ? known : withGuarded(known, guarded));
  }
  return [...byName.values()];
}

function withGuarded(target: CaptureTarget, { address, mac }: GuardedAddress): CaptureTarget {
  const guardedAddresses = [...new Set([...target.guardedAddresses, address])].toSorted();
  return { ...target, mac: target.mac ?? mac, guardedAddresses };
}
