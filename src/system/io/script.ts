/**
 * Shell text of the operator: CHECK_SCRIPT, healthy where it exits with 0, and NOTIFY_SCRIPT.
 *
 * Nothing of it outlives its run: it has a process group that is killed when the script has ended, at the time-out, at the
 * abort, and when the agent dies, however that happens. It gets PATH and LC_ALL, and nothing else of the agent's
 * environment, which holds secrets.
 */
import { pid as agentPid, env, kill } from "node:process";
import { execa } from "execa";
import { printableLine } from "../../text/escape.ts";
import { bareEnvironment, boundToAgent } from "../child-command.ts";

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
exec 3<&0
/bin/sh -c "$1" 2>&1 <&3 3<&- &
wait $!`;

/** How much of the end of the output is kept: enough for a last line. */
const TAIL_BYTES = 4096;
/** What output gets to arrive after the end, ms. Only a process that fled the group still holds the pipe then. */
const FLUSH_MS = 100;

export interface ScriptNotice extends ScriptCheck {
  /** On its standard input. */
  readonly input: string;
  /** Beside PATH and LC_ALL. */
  readonly variables: Readonly<Record<string, string>>;
}

export const NOT_STARTED = "the script could not be started";

interface Ended {
  readonly isLate: boolean;
  readonly exitCode: number | undefined;
  /** Its exit with the last line of its output, fit to be shown; undefined where it could not be started. */
  readonly end: string | undefined;
}

export async function runInGroup({
  script,
  timeoutMs,
  signal,
  input,
  variables,
}: ScriptNotice): Promise<Ended> {
  signal.throwIfAborted();
  const leader = boundToAgent("TERM", "/bin/sh", ["-c", LEADER, "check", script, String(agentPid)]);
  const child = execa(...leader, {
    ...bareEnvironment(env, variables),
    buffer: false,
    cancelSignal: signal,
    detached: true, // leads its own process group
    input,
    killSignal: "SIGKILL",
    reject: false,
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
  if (isLate || child.pid === undefined) return { isLate, exitCode, end: undefined };
  const how = exitCode === undefined ? `killed by ${killedBy}` : `exit ${exitCode}`;
  return { isLate, exitCode, end: printableLine([how, ...lastLine(tail)].join(": ")) };
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
