/**
 * Word from the kernel that rules of nft have changed, within a few ms.
 *
 * What changed is not looked at: the rules themselves are read for that, so an event too many or too few does no harm.
 * Rules of iptables-legacy have no events.
 */
import { env } from "node:process";
import { execa } from "execa";
import { bareEnvironment, boundToAgent } from "../../system/child-command.ts";
import type { KeepListening, ListenerEnd } from "../../system/restart-pause.ts";
import type { NftChanges } from "../nat-schedule.ts";

/** A burst is told at once and, if it goes on, again this often, ms. */
const COALESCE_MS = 100;
/** From its start `nft monitor` needs some ms to listen, more with many rules. */
const LISTENING_MS = 1_000;

export interface NatEvents extends NftChanges {
  /** Resolves after the abort, or when there is no program to listen with; by then it is gone. Never rejects. */
  readonly ended: Promise<void>;
}

/** Where no rules of nft are read. */
export const NO_NAT_EVENTS: NatEvents = {
  isListening: false,
  changedAtMs: Number.NEGATIVE_INFINITY,
  ended: Promise.resolve(),
};

export interface NatEventsOptions {
  readonly keep: KeepListening;
  readonly signal: AbortSignal;
  /** Rules changed, or may have changed before anybody listened. */
  readonly onChange: () => void;
}

export function openNatEvents({ keep, signal, onChange }: NatEventsOptions): NatEvents {
  let isListening = false;
  let changedAtMs = Number.NEGATIVE_INFINITY;
  const tell = () => {
    changedAtMs = performance.now();
    onChange();
  };

  const listen = async (): Promise<ListenerEnd> => {
    const monitor = startMonitor(signal);
    const timer = setTimeout(() => {
      isListening = true;
      tell();
    }, LISTENING_MS);
    let complaint = "";
    monitor.stderr.on("data", (chunk: Buffer) => {
      complaint = chunk.toString().trim().slice(0, 300);
    });
    monitor.stdout.on("data", () => {
      tell();
      // what comes in the meantime waits in the pipe and is the next word
      monitor.stdout.pause();
      setTimeout(() => monitor.stdout.resume(), COALESCE_MS);
    });
    const { code, exitCode, durationMs } = await monitor;
    clearTimeout(timer);
    isListening = false;
    return { isMissing: code === "ENOENT" || exitCode === 127, complaint, durationMs };
  };

  const ended = keep(listen);
  return {
    get isListening() {
      return isListening;
    },
    get changedAtMs() {
      return changedAtMs;
    },
    ended,
  };
}

/** Rules only: the others (chains, sets, elements) change more often, and say nothing that the rules do not. */
function startMonitor(signal: AbortSignal) {
  return execa(...boundToAgent("KILL", "nft", ["monitor", "rules"]), {
    ...bareEnvironment(env),
    buffer: false,
    cancelSignal: signal,
    encoding: "buffer",
    killSignal: "SIGKILL",
    reject: false,
    stdin: "ignore",
  });
}
