/** Which keepalived this is, and whether it can read what the agent writes. */
import { AgentError } from "../errors.ts";

/** Track files came with it; 2.2.7 is what the agent is tested with. */
const OLDEST_MAJOR = 2;

/** A version that is not known is taken for a good one: `keepalived -t` has the last word. */
export function judgeKeepalivedVersion(version: string | undefined): AgentError | undefined {
  if (version === undefined || Number.parseInt(version, 10) >= OLDEST_MAJOR) return undefined;
  return new AgentError("KEEPALIVED_TOO_OLD", `keepalived ${version} does not know what this agent writes`);
}
