/**
 * Word from the kernel that links, addresses or default routes of this host have changed, within a few ms.
 *
 * What changed is not looked at: the network itself is read for that, so a word too many does no harm. It costs nothing
 * while nothing happens, and dies with the agent.
 */
import { env } from "node:process";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { bareEnvironment, boundToAgent } from "../../system/child-command.ts";
import type { KeepListening, ListenerEnd } from "../../system/restart-pause.ts";
import { goneAddress, isNetworkNews, isOwnNews } from "../monitor-line.ts";

/** A burst is told at once and, if it goes on, again this often, ms: sooner than hosts notice that an owner is silent. */
const COALESCE_MS = 150;
/** From its start `ip monitor` needs some ms to listen, more on a loaded host. */
const LISTENING_MS = 1_000;

export interface NetworkEventsOptions {
  readonly keep: KeepListening;
  readonly signal: AbortSignal;
  /** Whether keepalived adds and deletes this address, canonical: then only `onOurs` is told. */
  readonly isOurs: (address: string) => boolean;
  /** An address is gone from an interface, ours or not: told at once, however much is told. Not called after the abort. */
  readonly onGone?: (address: string) => void;
  /** An address of ours came, changed or went, in bursts told as `onChange` is. Not called after the abort. */
  readonly onOurs?: () => void;
  /** A line of any of these, at once: what was read of the network holds no more. */
  readonly onNews?: () => void;
  /** Whether changes are told from now on. */
  readonly onListening?: (isTold: boolean) => void;
  /** The network changed, or may have changed before anybody listened. Not called after the abort. */
  readonly onChange: () => void;
}

export interface NetworkEvents {
  /** Resolves after the abort; by then the listener is gone. Never rejects. */
  readonly ended: Promise<void>;
}

export function openNetworkEvents(options: NetworkEventsOptions): NetworkEvents {
  const { keep, signal, isOurs, onChange, onGone } = options;
  const tell = coalesce(onChange, signal);
  const tellOurs = coalesce(() => options.onOurs?.(), signal);

  const listen = async (): Promise<ListenerEnd> => {
    const monitor = startMonitor(signal);
    const timer = setTimeout(() => {
      options.onListening?.(true);
      tell();
    }, LISTENING_MS);
    let complaint = "";
    monitor.stderr.on("data", (chunk: Buffer) => {
      complaint = chunk.toString().trim().slice(0, 300);
      options.onNews?.();
      tell(); // it goes on after events were lost to a full buffer, and says only this
    });
    createInterface({ input: monitor.stdout }).on("line", (line) => {
      options.onNews?.();
      const gone = goneAddress(line);
      if (gone !== undefined && !signal.aborted) onGone?.(gone);
      if (isNetworkNews(line, isOurs)) tell();
      else if (isOwnNews(line, isOurs)) tellOurs();
    });
    const { code, exitCode, durationMs, shortMessage } = await monitor;
    clearTimeout(timer);
    options.onListening?.(false);
    return {
      isMissing: code === "ENOENT" || exitCode === 127,
      complaint: complaint || (shortMessage ?? ""),
      durationMs,
    };
  };

  return { ended: keep(listen) };
}

/** Calls `tell` at once, then at most once in COALESCE_MS, and the last time after the last call of all. */
function coalesce(tell: () => void, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isDue = false;
  const call = () => {
    if (signal.aborted) return;
    isDue = timer !== undefined;
    if (isDue) return;
    timer = setTimeout(() => {
      timer = undefined;
      if (isDue) call();
    }, COALESCE_MS);
    tell();
  };
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return call;
}

function startMonitor(signal: AbortSignal) {
  return execa(...boundToAgent("KILL", "ip", ["-o", "monitor", "link", "address", "route"]), {
    ...bareEnvironment(env),
    buffer: false,
    cancelSignal: signal,
    killSignal: "SIGKILL",
    reject: false,
    stdin: "ignore",
  });
}
