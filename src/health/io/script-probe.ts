/** CHECK_SCRIPT: whether the operator's script succeeds. */
import { NOT_STARTED, runInGroup, type ScriptOptions } from "../../system/io/script.ts";
import { type ProbeOutcome, timedOut } from "../probe-outcome.ts";

/**
 * The reason is the exit code with the last line of the output.
 *
 * A script that is not found (127) or not executable (126) is unhealthy, like one that fails: only the operator can know
 * that it should not be there. So is a script that kills its own process group. Only a script that the agent could not
 * start is unknown.
 *
 * @throws the reason of the signal if that aborts, and nothing else.
 */
export async function probeScript(check: ScriptOptions): Promise<ProbeOutcome> {
  const { isLate, exitCode, end } = await runInGroup({ ...check, input: "", variables: {} });
  if (isLate) return timedOut(check.timeoutMs);
  if (end === undefined) return { sample: "unknown", reason: NOT_STARTED };
  return { sample: exitCode === 0 ? "healthy" : "unhealthy", reason: end };
}
