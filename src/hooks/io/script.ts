/** NOTIFY_SCRIPT: a shell command that gets each notification. */

import { NOT_STARTED, runInGroup, type ScriptRun } from "../../system/io/script.ts";

/** @returns why it failed, as one printable line; undefined where it exited with 0. Throws only where the signal aborts. */
export async function runNotifyScript(notice: ScriptRun): Promise<string | undefined> {
  const { isLate, exitCode, end } = await runInGroup(notice);
  if (isLate) return `killed after ${notice.timeoutMs} ms`;
  return exitCode === 0 ? undefined : (end ?? NOT_STARTED);
}
