/**
 * The nat table of nft, in the words of iptables: saved by a process of its own each time, and so seldom, since the
 * kernel tells its changes (nat-events.ts).
 */
import { env } from "node:process";
import { execa } from "execa";
import { boundToAgent } from "../../system/child-command.ts";
import { withoutMoment } from "../save-text.ts";
import type { BackendRead } from "../table-read.ts";
import { explainExit, failedRead, MAX_TABLE_BYTES, natProgramOptions, TOO_LARGE } from "../table-read.ts";

/** Never rejects. */
export async function saveNft(options: {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}): Promise<BackendRead> {
  const { timeoutMs, signal } = options;
  const result = await execa(...boundToAgent("KILL", "iptables-nft-save", ["-t", "nat"]), {
    ...natProgramOptions(env),
    cancelSignal: signal,
    maxBuffer: MAX_TABLE_BYTES,
    stdin: "ignore",
    stripFinalNewline: false,
    timeout: timeoutMs,
  });
  if (result.timedOut) return failedRead("timeout", `no save within ${timeoutMs} ms`);
  if (result.isMaxBuffer) return TOO_LARGE;
  if (result.exitCode === 0) return { kind: "table", text: withoutMoment(result.stdout) };
  const complaint = result.stderr || (result.code ?? "");
  return explainExit({ status: result.exitCode, complaint });
}
