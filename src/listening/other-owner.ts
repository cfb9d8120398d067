/** The owner for which a group that begins here waits, and what the operator should do about it. */
import { adviseOnOwnAddress, adviseOnSilentOwner, adviseOnUnknownOwner } from "../groups/advice.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { ListeningStep } from "./listening.ts";

/** An owner that metadata lists becomes a peer within this time. */
export const PATIENCE_MS = 3_000;

/** The machine that this host leaves the VIPs to, and since when. */
export interface OtherOwner {
  readonly address: string;
  /** It was found by its answers, and sends no adverts. */
  readonly isAnswering: boolean;
  readonly sinceMs: number;
}

export function otherOwnerOf(
  step: ListeningStep,
  before: OtherOwner | undefined,
  nowMs: number,
): OtherOwner | undefined {
  if (step.phase !== "listening") return undefined;
  const address = step.stranger ?? step.owner?.address;
  if (address === undefined) return undefined;
  if (address === before?.address) return before;
  return { address, isAnswering: step.owner !== undefined, sinceMs: nowMs };
}

/** One sentence once this has lasted a moment. @param ownAddresses by which the other hosts know this one. */
export function adviseOnOtherOwner(
  { name, unicast }: Instance,
  other: OtherOwner | undefined,
  ownAddresses: readonly string[],
  nowMs: number,
): string[] {
  if (other === undefined || unicast === undefined || nowMs - other.sinceMs < PATIENCE_MS) return [];
  const { address, isAnswering } = other;
  if (ownAddresses.includes(address)) return [adviseOnOwnAddress(name, address)];
  return [isAnswering ? adviseOnSilentOwner(name, address) : adviseOnUnknownOwner(name, address)];
}
