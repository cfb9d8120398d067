/**
 * CHECK_SCRIPT: shell text of the operator, healthy where it exits with 0.
 *
 * Nothing of it outlives the look: it runs in a process group that is killed when the script has ended, at the
 * time-out, at the abort, and when the agent dies, however that happens. It gets PATH and LC_ALL, and nothing else of
 * the agent's environment, which holds secrets.
 */
import { pid as agentPid, env, kill } from "node:process";
import { execa } from "execa";
import { type CheckOutcome, quoteOthers, timedOut } from "../core/check-outcome.ts";
import { bareEnvironment, boundToAgent } from "../core/child-command.ts";

export interface ScriptCheck {
  /** For `/bin/sh -c`. */
  readonly script: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Leads the group. The kernel tells it of the agent's death, but would tell nobody below it. The first line is for an
 * agent that died before the kernel was asked to.
 */
const LEADER = `
[ "$PPID" = "$2" ] || exit
trap 'kill -KILL 0' TERM
/bin/sh -c "$1" 2>&1 &
wait $!`;

/** How much of the end of the output is kept: enough for a last line. */
const TAIL_BYTES = 4096;
/** What output gets to arrive after the end, ms. Only a process that fled the group still holds the pipe then. */
const FLUSH_MS = 100;

/**
 * The reason is the exit code with the last line of the output. A script that cannot be found (127) or run (126) is as
 * unhealthy as one that fails: only the operator can tell that it was not meant to be there. So is one that ends its own
 * group, and the leader with it. Unknown is what the agent could not start at all. Throws only where the signal aborts:
 * its reason.
 */
export async function checkScript({ script, timeoutMs, signal }: ScriptCheck): Promise<CheckOutcome> {
  signal.throwIfAborted();
  const leader = boundToAgent("TERM", "/bin/sh", ["-c", LEADER, "check", script, String(agentPid)]);
  const child = execa(...leader, {
    ...bareEnvironment(env),
    buffer: false,
    cancelSignal: signal,
    detached: true, // leads its own process group
    killSignal: "SIGKILL",
    reject: false,
    stdin: "ignore",
    stderr: "ignore", // the leader's own; the script's is in its output
    timeout: timeoutMs,
  });
  let tail = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
  });
  let flush: NodeJS.Timeout | undefined;
  child.nodeChildProcess.once("exit", () => {
    killGroup(child.pid);
    flush = setTimeout(() => child.stdout.destroy(), FLUSH_MS);
  });
  const { exitCode, signal: killedBy, timedOut: isLate } = await child;
  clearTimeout(flush);
  signal.throwIfAborted();
  if (isLate) return timedOut(timeoutMs);
  if (child.pid === undefined) return { sample: "unknown", reason: "the script could not be started" };
  const end = exitCode === undefined ? `killed by ${killedBy}` : `exit ${exitCode}`;
  const sample = exitCode === 0 ? "healthy" : "unhealthy";
  return { sample, reason: quoteOthers([end, ...lastLine(tail)].join(": ")) };
}

function killGroup(leaderPid: number | undefined): void {
  if (leaderPid === undefined) return;
  try {
    kill(-leaderPid, "SIGKILL");
  } catch {
    // Nobody is left of it, as nearly always.
  }
}

function lastLine(output: Buffer): string[] {
  const lines = output.toString("utf8").split("\n");
  return lines.filter((line) => line.trim() !== "").slice(-1);
}
