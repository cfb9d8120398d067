/** A fault of this host that explains a suspicion better than its usual hint: its kernel drops what it cannot track. */
import type { SplitBrainCause } from "./causes.ts";
import type { Suspicion } from "./suspicion.ts";

/** Causes in which adverts are lost on the way into or out of a host. */
const LOSS: ReadonlySet<SplitBrainCause> = new Set(["adverts-blocked", "unheard", "address-in-use"]);

/** The suspicions, with the fault first in the hints of those that it explains. */
export function withHostFault(suspicions: readonly Suspicion[], fault: string | undefined): Suspicion[] {
  return suspicions.map((one) =>
    fault === undefined || !LOSS.has(one.cause)
      ? one
      : { ...one, hint: `On this host ${fault}. ${one.hint}` },
  );
}
