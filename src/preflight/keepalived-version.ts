/** Whether this version of keepalived can read the generated configuration. */

import { AgentError } from "../errors.ts";

/** The first version with track files. The agent is tested with 2.2.7. */
const OLDEST_MAJOR = 2;

/** An unknown version is accepted, as `keepalived -t` tests each configuration anyway. */
export function judgeKeepalivedVersion(version: string | undefined): AgentError | undefined {
  if (version === undefined || Number.parseInt(version, 10) >= OLDEST_MAJOR) return undefined;
  return new AgentError(
    "KEEPALIVED_TOO_OLD",
    `keepalived ${version} cannot read the configuration that this agent writes`,
  );
}
