/**
 * The watchdog: a tiny process that empties the track files when the agent has been silent for too long.
 *
 * A frozen agent checks nothing, so its host must not keep the VIPs, and it cannot give them up itself. An empty track
 * file is FAULT to keepalived. The watchdog sleeps until a line comes to its input, starts no process, and ends with
 * the agent, however that ends.
 */
import { env } from "node:process";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import type { Logger } from "pino";
import { bareEnvironment, boundToAgent } from "../../system/child-command.ts";

/** $1: how the paths of the files begin; $2: time-out in s. `read` gives over 128 for a time-out, 1 for the end of input. */
const SCRIPT = `
shopt -s nullglob
while true; do
  read -r -t "$2" && continue
  (( $? > 128 )) || exit 0
  for file in "$1"*; do > "$file"; done
  echo emptied
done`;

/** Pause before a watchdog that ended by itself is started again. */
const RESTART_MS = 5_000;

export interface WatchdogOptions {
  /** Absolute path that all track files begin with, and no other file. */
  readonly pathPrefix: string;
  readonly timeoutMs: number;
  /**
   * The agent was silent and the files are empty. They stay so until it writes them, so it has to forget that it
   * wrote `1`, and to go through its checks anew.
   */
  readonly onEmptied: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Watchdog {
  /** Says that the agent is alive; to be called several times within `timeoutMs`. */
  beat(): void;
  /** Ends the watchdog and leaves the files as they are; the abort does the same. */
  close(): void;
}

/** Watches from now on. A watchdog that ends by itself is started again. */
export function openWatchdog(options: WatchdogOptions): Watchdog {
  const closed = new AbortController();
  const signal = AbortSignal.any([options.signal, closed.signal]);
  let input: Writable | undefined;
  void watchForEver({ ...options, signal }, (stdin) => {
    input = stdin;
  });
  return {
    beat() {
      // beats must not pile up here where the watchdog takes none
      if (input?.writable && !input.writableNeedDrain) input.write("\n");
    },
    close: () => closed.abort(),
  };
}

async function watchForEver(options: WatchdogOptions, onStart: (input: Writable) => void): Promise<void> {
  const { log, signal } = options;
  while (!signal.aborted) {
    const { exitCode, signal: killedBy } = await watch(options, onStart);
    if (signal.aborted) return;
    log.error({ exitCode, killedBy, pauseMs: RESTART_MS }, "watchdog ended, will be started again");
    await sleep(RESTART_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** One watchdog, to its end. */
async function watch(options: WatchdogOptions, onStart: (input: Writable) => void) {
  const { timeoutMs, log, signal } = options;
  const child = spawn(options);
  child.stdin.on("error", () => undefined); // it ended: the loop below does, too
  const close = () => child.stdin.end();
  signal.addEventListener("abort", close, { once: true });
  onStart(child.stdin);
  for await (const _ of child.iterable()) {
    log.error({ timeoutMs }, "agent was frozen, the watchdog emptied its track files");
    options.onEmptied();
  }
  signal.removeEventListener("abort", close);
  return child;
}

function spawn({ pathPrefix, timeoutMs }: WatchdogOptions) {
  // bash: `read -t` is no part of sh. With a socket for its input it would take itself for a remote shell and read ~/.bashrc
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
    detached: true, // a Ctrl-C is the agent's to handle
    reject: false,
    stdin: "pipe",
    stderr: "ignore",
  });
}
