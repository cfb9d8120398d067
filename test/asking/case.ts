/** What is played: a case has variants, and each variant is one event that happens to the hosts of an arm. */
import type { Host } from "../e2e/lab/host.ts";
import type { Stage } from "./stage.ts";

/** When the event began and ended, ms since the epoch. */
export interface Played {
  readonly brokenAtMs: number;
  /** Hosts that were cut off can be reached again. The same as `brokenAtMs` where nothing was cut. */
  readonly healedAtMs: number;
}

/**
 * What may happen: `one` move at most; `none`, as nothing is wrong with the owner; or `none-if-short`: none where the event is
 * shorter than the window and the plain arm does not move.
 */
export type Allowed = "one" | "none" | "none-if-short";

export interface Variant {
  /** Unique within its case. */
  readonly name: string;
  readonly allowed: Allowed;
  /** It lasts, so that it may move the VIP more than once. */
  readonly isLong?: true;
  /** The event is watched for so long after its end, ms. */
  readonly watchMs: number;
  /** @param owner has the VIP, and nothing has changed for a moment. */
  play(stage: Stage, owner: Host, plan: Plan): Promise<Played>;
}

export interface Plan {
  /** Length of what lasts, s. */
  readonly seconds: number;
}

export interface Case {
  readonly name: string;
  readonly title: string;
  readonly variants: readonly Variant[];
  /** Each event is played once: it lasts. */
  readonly isLasting?: true;
  /** The settings are played in turns, as times are compared. Otherwise they are played at the same time. */
  readonly isTimed?: true;
}
