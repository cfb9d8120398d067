/** One group on its way from settings to keepalived.conf: what it became, and from what. */
import { confWord } from "../conf/word.ts";
import { AgentError } from "../errors.ts";
import type { MetadataView } from "../metadata/view.ts";
import type { HostNetwork } from "../network/host-network.ts";
import { describeProblem } from "../settings/problem.ts";
import type { ResolvedGroup } from "../settings/resolve-group.ts";
import { adviseOnMissingPeers, adviseOnPriority } from "./advice.ts";
import { type DerivedInstance, deriveInstance } from "./derive-instance.ts";
import { type GroupContext, groupContext } from "./group-context.ts";
import { adviseOnLeftOut, adviseOnSource } from "./listed-address.ts";

export type GroupResult = {
  readonly name: string;
  readonly resolved: ResolvedGroup;
  readonly context: GroupContext;
  /** Sentences for the operator, besides the problems of `resolved`. */
  readonly advice: readonly string[];
} & (
  | { readonly phase: "derived"; readonly derived: DerivedInstance }
  | { readonly phase: "refused"; readonly error: AgentError }
);

/** Never throws an AgentError: a group that cannot be derived must not stop the others. */
export function deriveGroup(
  name: string,
  resolved: ResolvedGroup,
  view: MetadataView,
  network: HostNetwork,
): GroupResult {
  const context = groupContext(name, view, network);
  const input = { name, resolved, context };
  const { group, blocking, problems, warnings } = resolved;
  try {
    if (blocking.length > 0) {
      // all at once, so that an operator does not correct one key after the other
      const texts = new Set([...blocking, ...problems].map(describeProblem));
      throw new AgentError("SETTING_REFUSED", [...texts].join("\n"));
    }
    const derived = deriveInstance(group, context);
    confWord(derived.instance.interface); // throws here, where it affects only this group
    const advice = [
      adviseOnSource(derived.instance, context),
      ...adviseOnLeftOut(derived.instance, context),
      adviseOnMissingPeers(derived.instance, group.unicastPeers, view.origin === "off"),
      adviseOnPriority(name, resolved, view),
    ].filter((sentence) => sentence !== undefined);
    return { ...input, phase: "derived", derived, advice: [...warnings, ...advice] };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return { ...input, phase: "refused", error, advice: warnings };
  }
}

/**
 * What the operator reads about a group. For a refused one also the other problems, which may be the cause of its
 * error.
 */
export function adviceOf(result: GroupResult): string[] {
  const problems = result.resolved.problems.map(describeProblem);
  return result.phase === "derived"
    ? [...problems, ...result.advice]
    : problems.filter((text) => !result.error.message.includes(text));
}
