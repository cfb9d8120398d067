/** Merges what the sentinel captures with what the subscribers of single interfaces need. */
import type { CaptureTarget } from "./capture-plan.ts";

/** An address that no other host should have, and the source from which the interface asks for it. */
export interface GuardedAddress {
  readonly address: string;
  /** Undefined: nothing is asked, and only what others send by themselves is captured. */
  readonly mac: string | undefined;
  /** Undefined: no IPv6 address is asked for. */
  readonly linkLocal: string | undefined;
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
    const known = byName.get(name) ?? plainTarget(name);
    byName.set(name, guarded === undefined ? known : withGuarded(known, guarded));
  }
  return [...byName.values()];
}

function plainTarget(name: string): CaptureTarget {
  return {
    interface: name,
    mac: undefined,
    linkLocal: undefined,
    guardedAddresses: [],
    askedAddresses: [],
    rivals: [],
  };
}

function withGuarded(target: CaptureTarget, { address, ...source }: GuardedAddress): CaptureTarget {
  const askedAddresses = [...new Set([...target.askedAddresses, address])].toSorted();
  const linkLocal = target.linkLocal ?? source.linkLocal;
  return { ...target, mac: target.mac ?? source.mac, linkLocal, askedAddresses };
}
