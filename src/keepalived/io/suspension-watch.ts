/**
 * Has the listener process look whether a process of keepalived is suspended (src/wire/suspension.pl): it wakes four times a
 * second anyway, and each wake-up of the agent costs more.
 */
import type { Writable } from "node:stream";
import { everyTick } from "../../system/io/ticks.ts";
import type { ListenerCompanion } from "../../wire/io/listener.ts";
import type { LogMeaning } from "../log-meaning.ts";

/** keepalived's first process, which starts the other one, and the one that has the VIPs. */
export type KeepalivedPart = "parent" | "vrrp";

export interface SuspensionWatch {
  /** What the listener process is told, and what it tells. */
  readonly companion: ListenerCompanion;
  /** Replaces the process that the listener looks at. */
  setProcess(part: KeepalivedPart, pid: number): void;
  /** Replaces the VRRP process where keepalived's log names a new one. */
  noteLine(line: LogMeaning): void;
  /**
   * Calls `look` until the signal aborts: within 0.25 s after a process was suspended. The listener may hang, so it is also
   * called once a second without a reason; and every 0.25 s while no listener runs. One call at a time.
   */
  watch(look: () => void, signal: AbortSignal): void;
}

export function createSuspensionWatch(): SuspensionWatch {
  const pids = new Map<KeepalivedPart, number>();
  let input: Writable | undefined;
  let watching: { readonly look: () => void; readonly signal: AbortSignal } | undefined;
  let ownLooks = new AbortController();

  const send = () => {
    if (input?.writable) input.write(`suspension ${[...pids.values()].join(" ")}\n`);
  };
  const setProcess = (part: KeepalivedPart, pid: number) => {
    pids.set(part, pid);
    send();
  };
  const choosePace = () => {
    ownLooks.abort();
    if (input !== undefined || watching === undefined) return;
    ownLooks = new AbortController();
    everyTick(250, watching.look, AbortSignal.any([watching.signal, ownLooks.signal]));
  };
  return {
    companion: {
      word: "suspension",
      onStart: (stdin) => {
        input = stdin;
        send();
        choosePace();
      },
      onLine: () => {
        if (watching?.signal.aborted === false) watching.look();
      },
      onEnd: () => {
        input = undefined;
        choosePace();
      },
    },
    setProcess,
    noteLine: (line) => {
      if (line.kind === "vrrp-process-started") setProcess("vrrp", line.pid);
    },
    watch: (look, signal) => {
      watching = { look, signal };
      everyTick(1_000, look, signal);
      choosePace();
    },
  };
}
