/**
 * Runs a program that prints a line for each event, and restarts it with growing pauses whenever it ends.
 *
 * The program dies with the agent, however the agent ends. It gets PATH and LC_ALL and nothing else of the environment.
 * Its memory here is bounded: one line, and the last piece of its errors.
 */
import { env } from "node:process";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Logger } from "pino";
import { type BackoffOptions, createBackoff } from "../backoff.ts";
import { bareEnvironment, boundToAgent } from "../child-command.ts";
import { createLineSplitter } from "../line-splitter.ts";

/** `ip`, `nft` and the wire listener print lines of less than 1,000 characters. */
const MAX_LINE_CHARACTERS = 65_536;
/** The end of the error output that is kept. */
const MAX_ERROR_CHARACTERS = 1_000;
const MAX_COMPLAINT_CHARACTERS = 300;

export interface MonitorProgramOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** What is monitored, for the log: `changes of rules`. */
  readonly what: string;
  /** Pauses before a restart. They start again with the first one after a run longer than the longest. */
  readonly restart: BackoffOptions;
  /** Logged if the program is not installed: then the agent gives it up. Without this text it waits for the program. */
  readonly withoutIt?: string;
  /** The program needs this long from its start until it reports events; `onReady` is called then. */
  readonly readyAfterMs?: number;
  readonly onReady?: () => void;
  /** The program runs; `input` is its standard input, and `end` ends it. Without it, the program gets no input. */
  readonly onStart?: (input: Writable, end: () => void) => void;
  /** Not called after the abort. */
  readonly onLine: (line: string) => void;
  /** It printed an error and may go on. Not called after the abort. */
  readonly onError?: () => void;
  /** It ended; `complaint` is the last error that it printed, or how it ended. */
  readonly onEnd?: (complaint: string) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** How one run of the program ended. */
interface RunEnd {
  /** The program, or `setpriv` that starts it, is not installed. */
  readonly isMissing: boolean;
  /** The last error that it printed, or how it ended. */
  readonly complaint: string;
  readonly durationMs: number;
}

/** Resolves after the abort, or when the program is given up; no process of it is left then. Never rejects. */
export async function runMonitorProgram(options: MonitorProgramOptions): Promise<void> {
  const { what, restart, withoutIt, log, signal } = options;
  const backoff = createBackoff(restart);
  while (!signal.aborted) {
    const { isMissing, complaint, durationMs } = await runOnce(options);
    if (signal.aborted) return;
    if (isMissing && withoutIt !== undefined) return log.warn({ complaint }, withoutIt);
    if (durationMs > restart.longestMs) backoff.reset();
    const delayMs = backoff.nextMs();
    const level = delayMs === restart.firstMs ? "warn" : "debug";
    log[level]({ what, complaint, delayMs }, "monitor program ended, will restart");
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
  }
}

async function runOnce(options: MonitorProgramOptions): Promise<RunEnd> {
  const { signal, onLine, onStart, onReady } = options;
  const child = start(options);
  let errors = "";
  const split = createLineSplitter(MAX_LINE_CHARACTERS);
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    for (const line of split(text)) if (!signal.aborted) onLine(line);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-MAX_ERROR_CHARACTERS); // one message may arrive in pieces
    if (!signal.aborted) options.onError?.();
  });
  child.stdin?.on("error", () => undefined); // the program ended, which is handled below
  if (child.stdin !== null) onStart?.(child.stdin, () => child.kill("SIGKILL"));
  const readyTimer = onReady && setTimeout(onReady, options.readyAfterMs);
  const { code, exitCode, durationMs, shortMessage } = await child;
  clearTimeout(readyTimer);
  const isMissing = code === "ENOENT" || exitCode === 127;
  const complaint = errors.trim().slice(0, MAX_COMPLAINT_CHARACTERS) || (shortMessage ?? "");
  options.onEnd?.(complaint);
  return { isMissing, complaint, durationMs };
}

function start({ program, args, onStart, signal }: MonitorProgramOptions) {
  return execa(...boundToAgent("KILL", program, args), {
    ...bareEnvironment(env),
    buffer: false,
    cancelSignal: signal,
    detached: true, // the agent handles Ctrl-C, and ends the program itself
    killSignal: "SIGKILL",
    reject: false,
    stdin: onStart === undefined ? "ignore" : "pipe",
  });
}
