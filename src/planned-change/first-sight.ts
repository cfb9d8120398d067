/**
 * The groups that other members run, as a host hears them when a group begins here.
 *
 * For a host that owns the VIPs, an advert alone proves nothing: any machine in the network can forge one, but a real owner also
 * answers for the VIPs. So what an owner hears counts only after another machine has answered for the first VIP. Until then a
 * real second owner costs one question, and a forged one costs nothing.
 */
import type { Instance } from "../vrrp/instance.ts";
import { distinctGroups } from "./planned-change.ts";

export interface FirstSight {
  /** The groups that count: another host may own the VIPs in them. */
  readonly found: readonly Instance[];
  /** The groups that are known only by adverts, while this host owns the VIPs. */
  readonly unproven: readonly Instance[];
}

export const NOTHING_SEEN: FirstSight = { found: [], unproven: [] };

/** Forged adverts can name any number of groups. */
const MAX_GROUPS = 8;

/** @param needsProof whether this host owns the VIPs, and can ask who else has them. */
export function seeFormerGroup(sight: FirstSight, former: Instance, needsProof: boolean): FirstSight {
  // once an owner was proven, or heard by a host that owned nothing, the planned change judges what comes later
  const kind = needsProof && sight.found.length === 0 ? "unproven" : "found";
  if (sight[kind].length >= MAX_GROUPS) return sight;
  return { ...sight, [kind]: distinctGroups([...sight[kind], former]) };
}

/**
 * Another machine answered for the first VIP.
 *
 * @param isOwner whether this host still owns the VIPs. If not, the answer is their owner's and proves nothing else.
 */
export function seeAnswer(sight: FirstSight, isOwner: boolean): FirstSight {
  if (sight.unproven.length === 0) return sight;
  const proven = isOwner ? sight.unproven : [];
  return { found: distinctGroups([...sight.found, ...proven]), unproven: [] };
}
