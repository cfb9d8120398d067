/** Which clients meet a condition of a rule: all, none, some known ones, a few unknown ones, or an undecidable part. */

import type { Family } from "../network/address.ts";
import { type AddressRanges, allAddressesOf, intersect, NO_ADDRESSES, subtract } from "./address-ranges.ts";

/**
 * Clients are told apart by their address alone. `few` and `most` stand for lists whose entries the rules do not show, such as
 * a set: a list singles out a few clients, and its negation all but a few. `doubt` stands for everything else: a limit, the
 * time, a length, a match that is not known.
 */
export type Condition =
  | { readonly kind: "all" }
  | { readonly kind: "none" }
  | { readonly kind: "sources"; readonly sources: AddressRanges }
  | { readonly kind: "few" }
  | { readonly kind: "most" }
  /** `isRate`: of a rate limit that clients hardly ever come above. `isUnread`: nobody knows what the condition is. */
  | { readonly kind: "doubt"; readonly isRate?: true; readonly isUnread?: true };

type Doubt = Extract<Condition, { kind: "doubt" }>;

export const ALL: Condition = { kind: "all" };
export const NONE: Condition = { kind: "none" };
export const FEW: Condition = { kind: "few" };
export const MOST: Condition = { kind: "most" };
export const DOUBT: Condition = { kind: "doubt" };
export const RATE: Condition = { kind: "doubt", isRate: true };
export const UNREAD: Condition = { kind: "doubt", isUnread: true };

export function allOrNone(applies: boolean): Condition {
  return applies ? ALL : NONE;
}

/** The condition with `!` before it. */
export function negate(condition: Condition, family: Family): Condition {
  switch (condition.kind) {
    case "all":
      return NONE;
    case "none":
      return ALL;
    case "few":
      return MOST;
    case "most":
      return FEW;
    case "sources":
      return { kind: "sources", sources: subtract(allAddressesOf(family), condition.sources) };
    case "doubt":
      return condition;
  }
}

/** Whom all conditions of a rule leave. */
export interface Selection {
  readonly sources: AddressRanges;
  /** Which part of these clients: all, a few, or all but a few. */
  readonly part: "all" | "few" | "most";
  readonly isDoubtful: boolean;
  /** Nothing but a rate limit is in doubt. */
  readonly isRate?: true;
  /** A condition cannot be read, so it may hold for everybody or for nobody. */
  readonly isUnread?: true;
}

export const NOBODY: Selection = { sources: NO_ADDRESSES, part: "all", isDoubtful: false };

/** Adds one more condition. */
export function narrow(selection: Selection, condition: Condition): Selection {
  switch (condition.kind) {
    case "all":
      return selection;
    case "none":
      return NOBODY;
    case "sources":
      return { ...selection, sources: intersect(selection.sources, condition.sources) };
    case "few":
      return { ...selection, part: "few" };
    case "most":
      return selection.part === "all" ? { ...selection, part: "most" } : selection;
    case "doubt":
      return doubtMore(selection, condition);
  }
}

function doubtMore({ isRate, ...selection }: Selection, { isRate: isOfRate, isUnread }: Doubt): Selection {
  const isRateAlone = isOfRate === true && (!selection.isDoubtful || isRate === true);
  return {
    ...selection,
    isDoubtful: true,
    ...(isRateAlone && { isRate: true }),
    ...(isUnread && { isUnread }),
  };
}
