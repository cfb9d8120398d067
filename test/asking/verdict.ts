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
    return [...tooMany(variant, result, plain), ...moved(variant, result, plain, windowSeconds)];
  });
}

/** The events in which the VIP must stay where it is. */
function quietEvents(
  { allowed }: Variant,
  outcomes: readonly Outcome[],
  windowSeconds: number,
): readonly Outcome[] {
  if (allowed === "one") return [];
  return allowed === "none" ? outcomes : outcomes.filter(({ lastedMs }) => lastedMs < windowSeconds * 1_000);
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

function moved(
  variant: Variant,
  { arm, outcomes }: ArmOutcomes,
  plain: ArmOutcomes,
  windowSeconds: number,
): string[] {
  const [quiet, quietPlain] = [outcomes, plain.outcomes].map((list) =>
    quietEvents(variant, list, windowSeconds),
  );
  const count = (list: readonly Outcome[] = []) => list.filter((outcome) => movesOf(outcome) > 0).length;
  if (count(quiet) === 0 || count(quietPlain) > 0) return [];
  return [`${variant.name}, ${arm.name}: moved in ${count(quiet)} of ${quiet!.length} events, plain in none`];
}
