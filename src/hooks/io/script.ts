import { NOT_STARTED, runInGroup, type ScriptNotice } from "../../system/io/script.ts";

/** @returns why the notice was not taken, as one printable line; undefined where it was. Throws where the signal aborts. */
export async function runNotifyScript(notice: ScriptNotice): Promise<string | undefined> {
  const { isLate, exitCode, end } = await runInGroup(notice);
  if (isLate) return `killed after ${notice.timeoutMs} ms`;
  return exitCode === 0 ? undefined : (end ?? NOT_STARTED);
}
