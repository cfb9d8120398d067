/** What is known of each member. */
import type { Member } from "./members.ts";

export type MembershipEntry = {
  readonly member: Member;
  /** When each former address became one, in ms of any monotonic clock. */
  readonly formerSinceMs: Readonly<Record<string, number>>;
  /** When its adverts were last heard. Undefined if they never were. */
  readonly heardMs?: number | undefined;
} & (
  | { readonly phase: "listed" } // by the last reading, or by an earlier run
  | { readonly phase: "resting" } // its container is listed, and does not run
  | {
      readonly phase: "missing";
      readonly sinceMs: number;
      readonly readings: number;
      readonly hasHost: boolean;
    }
);

/** Sorted by host uuid. */
export type Membership = readonly MembershipEntry[];
