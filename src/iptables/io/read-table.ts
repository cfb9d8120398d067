/** Reads one table by one run of an `iptables-save` program. */
import { env } from "node:process";
import { execa } from "execa";
import { boundToAgent } from "../../system/child-command.ts";
import { explainExit, MAX_TABLE_BYTES, saveProgramOptions, TOO_LARGE } from "../save-program.ts";
import { failedRead, type TableRead } from "../table-read.ts";

/** The text as the program prints it. Never rejects: an abort is a failed read, too. */
export async function readTable(
  program: string,
  options: readonly string[],
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<TableRead> {
  const result = await execa(...boundToAgent("KILL", program, options), {
    ...saveProgramOptions(env),
    cancelSignal: signal,
    maxBuffer: MAX_TABLE_BYTES,
    stdin: "ignore",
    stripFinalNewline: false,
    timeout: timeoutMs,
  });
  if (result.timedOut) return failedRead("timeout", `no save within ${timeoutMs} ms`);
  if (result.isMaxBuffer) return TOO_LARGE;
  if (result.exitCode === 0) return { kind: "table", text: result.stdout };
  return explainExit({ status: result.exitCode, stderr: result.stderr || (result.code ?? "") });
}
