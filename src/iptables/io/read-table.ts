/** Reads one table by one run of an `iptables-save` program. */
import { env } from "node:process";
import { boundToAgent } from "../../system/child-command.ts";
import { runProgram } from "../../system/io/run-program.ts";
import { explainExit, MAX_TABLE_BYTES, saveProgramOptions, TOO_LARGE } from "../save-program.ts";
import { failedRead, type TableRead } from "../table-read.ts";

/** The text as the program prints it. Never rejects: an abort is a failed read, too. */
export async function readTable(
  program: string,
  options: readonly string[],
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<TableRead> {
  const { exitCode, stdout, stderr, killedBy, code } = await runProgram(
    ...boundToAgent("KILL", program, options),
    { env: saveProgramOptions(env).env, maxBytes: MAX_TABLE_BYTES, timeoutMs, signal },
  );
  if (killedBy === "timeout") return failedRead("timeout", `no save within ${timeoutMs} ms`);
  if (killedBy === "size") return TOO_LARGE;
  if (exitCode === 0 && killedBy === undefined) return { kind: "table", text: stdout };
  return explainExit({ status: exitCode, stderr: stderr || (code ?? "") });
}
