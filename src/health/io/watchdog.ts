/**
 * The watchdog: a small process that empties the track files when the agent has been silent for too long.
 *
 * A frozen agent checks nothing and cannot give up its VIPs, so the watchdog does. keepalived takes an empty track file as
 * FAULT. The watchdog sleeps until it reads a line, starts no process, and ends with the agent, however that ends.
 */
import { env } from "node:process";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Logger } from "pino";
import { bareEnvironment, boundToAgent } from "../../system/child-command.ts";

/** $1 is the path prefix of the files, $2 the time-out in seconds. `read` exits above 128 at a time-out, 1 at the end. */
const SCRIPT = `
shopt -s nullglob
while true; do
  read -r -t "$2" && continue
  (( $? > 128 )) || exit 0
  for file in "$1"*; do > "$file"; done
  echo emptied
done`;

/** Pause before a watchdog that ended unexpectedly is started again. */
const RESTART_MS = 5_000;

export interface WatchdogOptions {
  /** Absolute path that all track files begin with, and no other files. */
  readonly pathPrefix: string;
  readonly timeoutMs: number;
  /**
   * The agent was silent, and the files are empty now. They stay empty until it writes them, so it must forget that it
   * wrote `1`, and run its checks again.
   */
  readonly onEmptied: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Watchdog {
  /** Tells the watchdog that the agent is alive. Call it several times within `timeoutMs`. */
  beat(): void;
  /** Ends the watchdog and leaves the files as they are. The abort of the signal does the same. */
  close(): void;
}

/** Starts the watchdog, and starts it again whenever it ends unexpectedly. */
export function openWatchdog(options: WatchdogOptions): Watchdog {
  const closed = new AbortController();
  const signal = AbortSignal.any([options.signal, closed.signal]);
  let input: Writable | undefined;
  void superviseWatchdog({ ...options, signal }, (stdin) => {
    input = stdin;
  });
  return {
    beat() {
      // heartbeats must not pile up here while the watchdog does not read
      if (input?.writable && !input.writableNeedDrain) input.write("\n");
    },
    close: () => closed.abort(),
  };
}

async function superviseWatchdog(
  options: WatchdogOptions,
  onStart: (input: Writable) => void,
): Promise<void> {
  const { log, signal } = options;
  while (!signal.aborted) {
    const { exitCode, signal: killedBy } = await runWatchdog(options, onStart);
    if (signal.aborted) return;
    log.error({ exitCode, killedBy, pauseMs: RESTART_MS }, "watchdog ended, will restart");
    await sleep(RESTART_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Runs one watchdog process to its end. */
async function runWatchdog(options: WatchdogOptions, onStart: (input: Writable) => void) {
  const { timeoutMs, log, signal } = options;
  const child = spawn(options);
  child.stdin.on("error", () => undefined); // the process ended, and so will the loop below
  const close = () => child.stdin.end();
  signal.addEventListener("abort", close, { once: true });
  onStart(child.stdin);
  for await (const _ of child.iterable()) {
    log.error({ timeoutMs }, "agent was frozen: the watchdog emptied its track files");
    options.onEmptied();
  }
  signal.removeEventListener("abort", close);
  return child;
}

function spawn({ pathPrefix, timeoutMs }: WatchdogOptions) {
  // sh has no `read -t`. Without --norc, bash with a socket as its input would read ~/.bashrc like a remote shell.
  const bash = boundToAgent("KILL", "bash", [
    "--norc",
    "-c",
    SCRIPT,
    "watchdog",
    pathPrefix,
    String(timeoutMs / 1_000),
  ]);
  return execa(...bash, {
    ...bareEnvironment(env),
    buffer: false, // it runs for months
    detached: true, // Ctrl-C is for the agent only
    reject: false,
    stdin: "pipe",
    stderr: "ignore",
  });
}
