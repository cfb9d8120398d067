/** A fault: what is done to a host or to what surrounds all of them, how it is undone, and what it may cost. */
import type { Host } from "../e2e/lab/host.ts";
import type { Fleet } from "./fleet.ts";

/** What two faults at the same time must not both touch. */
export type Area = "agent" | "keepalived" | "network" | "metadata" | "members" | "health" | "files";

export interface Allowance {
  /** How long the client may go without an answer at worst. */
  readonly gapMs: number;
  /** How long two hosts may have the VIP at worst. */
  readonly overlapMs: number;
  /** Whether the VIP may change hosts. */
  readonly mayMove: boolean;
}

export interface Circumstances {
  /** From the fault to its end. */
  readonly durationMs: number;
  /** Whether the host had the VIP when the fault came. */
  readonly isOwner: boolean;
  /** Whether another fault struck the same host meanwhile. */
  readonly hasCompany: boolean;
}

export interface Scene {
  readonly fleet: Fleet;
  /** The host that the fault strikes; for one that strikes what surrounds the hosts: any. */
  readonly host: Host;
  readonly durationMs: number;
}

export interface Fault {
  /** As `--only` and the summary name it. */
  readonly name: string;
  readonly areas: readonly Area[];
  /** It strikes the owner or has no effect. */
  readonly needsOwner?: boolean;
  /** The agent ends by it, so that the host whose agent is to grow old is spared. */
  readonly endsAgent?: boolean;
  /** Least and most, ms, of the time from the fault to its end. */
  readonly lasts: readonly [number, number];
  readonly allowance: (circumstances: Circumstances) => Allowance;
  /** @returns what ends it. */
  readonly strike: (scene: Scene) => Promise<() => Promise<void>>;
}

/** Nothing that a client could notice. */
export const UNNOTICED: Allowance = { gapMs: 150, overlapMs: 0, mayMove: false };
/** The owner says that it gives the VIP up: some 10 ms, and a busy machine's. */
export const HANDED_OVER: Allowance = { gapMs: 400, overlapMs: 100, mayMove: true };
/** The owner falls silent: three adverts of 0.2 s and a part of one, and a busy machine's. */
export const FELL_SILENT: Allowance = { gapMs: 1_000, overlapMs: 300, mayMove: true };

/** `owner` where the owner is struck, and unnoticed elsewhere. */
export function onOwner(owner: Allowance): Fault["allowance"] {
  return ({ isOwner }) => (isOwner ? owner : UNNOTICED);
}

/** For a fault after which nothing has to be undone. */
export const NOTHING_TO_UNDO = async (): Promise<void> => undefined;
