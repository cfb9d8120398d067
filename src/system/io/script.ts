/**
 * Runs a shell script of the operator: CHECK_SCRIPT or NOTIFY_SCRIPT.
 *
 * It has its own process group, which is killed when the script ends, at the time-out, at the abort, and when the agent dies for any
 * reason. Of the agent's environment, which has secrets, it gets only PATH.
 *
 * Only a process that hangs in the kernel, as on a disk that does not answer, outlives its run. While there is one, the script is not
 * run again: they would pile up until the host can start no process.
 */
import { pid as agentPid, env } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { printableLine } from "../../text/escape.ts";
import { bareEnvironment, boundToAgent } from "../child-command.ts";
import { isGroupAlive, signalGroup } from "./process.ts";

export interface ScriptOptions {
  /** For `/bin/sh -c`. */
  readonly script: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * The leader of the group. The kernel signals the agent's death to it alone, so it kills the group. Its first line covers
 * an agent that died before the kernel was asked to signal.
 */
const LEADER = `
[ "$PPID" = "$2" ] || exit
trap 'kill -KILL 0' TERM
exec 3<&0
/bin/sh -c "$1" 2>&1 <&3 3<&- &
wait $!`;

/** The end of the output that is kept. It holds the last line. */
const TAIL_BYTES = 4096;
/** Output may arrive this long after the end. After that only a process that left the group has the pipe open. */
const FLUSH_MS = 100;
const END_POLL_MS = 50;

export interface ScriptRun extends ScriptOptions {
  /** The text on its standard input. */
  readonly input: string;
  /** Its environment, besides PATH and LC_ALL. */
  readonly variables: Readonly<Record<string, string>>;
}

export const NOT_STARTED = "the script could not be started";
const HANGS = "a process of an earlier run hangs in the kernel (`ps -eo pid,stat,wchan,args`)";

/** By script, the groups that were killed and may have a process still. */
const killedGroups = new Map<string, ReadonlySet<number>>();

interface ScriptEnd {
  readonly isLate: boolean;
  readonly exitCode: number | undefined;
  /** The exit and the last line of the output, as one printable line; undefined where the script did not start. */
  readonly end: string | undefined;
}

/** Resolves when all processes of the script were killed. Rejects only at the abort, with its reason. */
export async function runInGroup({
  script,
  timeoutMs,
  signal,
  input,
  variables,
}: ScriptRun): Promise<ScriptEnd> {
  signal.throwIfAborted();
  if (!(await hasEnded(script, timeoutMs, signal))) return { isLate: false, exitCode: undefined, end: HANGS };
  const leader = boundToAgent("TERM", "/bin/sh", ["-c", LEADER, "check", script, String(agentPid)]);
  const child = execa(...leader, {
    ...bareEnvironment(env, variables),
    buffer: false,
    cancelSignal: signal,
    detached: true, // leads its own process group
    input,
    killSignal: "SIGKILL",
    reject: false,
    stderr: "ignore", // the leader's own; that of the script is part of its output
    timeout: timeoutMs,
  });
  let tail = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
  });
  let flush: NodeJS.Timeout | undefined;
  child.nodeChildProcess.once("exit", () => {
    if (child.pid !== undefined) killGroup(script, child.pid);
    flush = setTimeout(() => child.stdout.destroy(), FLUSH_MS);
  });
  const { exitCode, signal: killedBy, timedOut: isLate } = await child;
  clearTimeout(flush);
  signal.throwIfAborted();
  if (isLate || child.pid === undefined) return { isLate, exitCode, end: undefined };
  const how = exitCode === undefined ? `killed by ${killedBy}` : `exit ${exitCode}`;
  return { isLate, exitCode, end: printableLine([how, ...lastLine(tail)].join(": ")) };
}

function killGroup(script: string, leader: number): void {
  signalGroup(leader, "SIGKILL");
  killedGroups.set(script, new Set(killedGroups.get(script)).add(leader));
}

/** Waits for the processes of earlier runs: on a busy machine one that was killed takes its time to end. */
async function hasEnded(script: string, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const untilMs = performance.now() + timeoutMs;
  while (isHanging(script)) {
    if (performance.now() >= untilMs) return false;
    await sleep(END_POLL_MS);
    signal.throwIfAborted();
  }
  return true;
}

function isHanging(script: string): boolean {
  const alive = new Set([...(killedGroups.get(script) ?? [])].filter(isGroupAlive));
  if (alive.size > 0) killedGroups.set(script, alive);
  else killedGroups.delete(script);
  return alive.size > 0;
}

function lastLine(output: Buffer): string[] {
  const lines = output.toString("utf8").split("\n");
  return lines.filter((line) => line.trim() !== "").slice(-1);
}
