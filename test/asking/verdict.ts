/**
 * The rule that asking must keep: at most one move an event, and none where the arm without asking has none for an event that is
 * shorter than the window, or that does not concern the owner.
 *
 * A VIP that comes back to an owner of higher priority is no breach: keepalived alone does the same once it has moved.
 */
import type { Arm } from "./arm.ts";
import type { Variant } from "./case.ts";
import { movesOf, type Outcome } from "./outcome.ts";

export interface ArmOutcomes {
  readonly arm: Arm;
  readonly outcomes: readonly Outcome[];
}

/** One sentence for each breach of the rule by an arm that asks. */
export function breachesOf(variant: Variant, results: readonly ArmOutcomes[]): string[] {
  return results.flatMap((result) => {
    const { windowSeconds } = result.arm;
    const plain = results.find(
      ({ arm }) => arm.windowSeconds === undefined && arm.intervalSeconds === result.arm.intervalSeconds,
    );
    if (windowSeconds === undefined || plain === undefined) return [];
    return [
      ...tooMany(variant, result, plain),
      ...(mustStay(variant, windowSeconds) ? moved(variant, result, plain) : []),
    ];
  });
}

function mustStay({ allowed, faultMs }: Variant, windowSeconds: number): boolean {
  if (allowed === "none-if-short") return faultMs !== undefined && faultMs < windowSeconds * 1_000;
  return allowed === "none";
}

function tooMany(variant: Variant, { arm, outcomes }: ArmOutcomes, plain: ArmOutcomes): string[] {
  if (variant.isLong) return [];
  const most = Math.max(1, ...plain.outcomes.map(({ takes }) => takes));
  const worst = outcomes.filter(({ takes }) => takes > most);
  if (worst.length === 0) return [];
  return [
    `${variant.name}, ${arm.name}: taken more than ${most} times in ${worst.length} of ${outcomes.length} events`,
  ];
}

function moved(variant: Variant, { arm, outcomes }: ArmOutcomes, plain: ArmOutcomes): string[] {
  const count = (list: readonly Outcome[]) => list.filter((outcome) => movesOf(outcome) > 0).length;
  if (count(outcomes) === 0 || count(plain.outcomes) > 0) return [];
  return [
    `${variant.name}, ${arm.name}: moved in ${count(outcomes)} of ${outcomes.length} events, plain in none`,
  ];
}
