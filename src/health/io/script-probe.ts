import { NOT_STARTED, runInGroup, type ScriptCheck } from "../../system/io/script.ts";
import { type ProbeOutcome, timedOut } from "../probe-outcome.ts";

/**
 * The reason is the exit code with the last line of the output. A script that cannot be found (127) or run (126) is as
 * unhealthy as one that fails: only the operator can tell that it was not meant to be there. So is one that ends its own
 * group, and the leader with it. Unknown is what the agent could not start at all. Throws only where the signal aborts:
 * its reason.
 */
export async function probeScript(check: ScriptCheck): Promise<ProbeOutcome> {
  const { isLate, exitCode, end } = await runInGroup({ ...check, input: "", variables: {} });
  if (isLate) return timedOut(check.timeoutMs);
  if (end === undefined) return { sample: "unknown", reason: NOT_STARTED };
  return { sample: exitCode === 0 ? "healthy" : "unhealthy", reason: end };
}
