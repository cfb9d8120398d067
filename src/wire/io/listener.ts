/**
 * The listener process: one Perl program for the whole agent, which dies with the agent.
 *
 * It reports on which interfaces it listens. So the agent can distinguish silence from deafness, except on an interface
 * that is down, which is silent, too.
 */
import { uptime } from "node:os";
import type { Writable } from "node:stream";
import type { Logger } from "pino";
import { runMonitorProgram } from "../../system/io/monitor-program.ts";
import type { LinkPacket } from "../address-probe.ts";
import type { SpeakerKind } from "../bpf.ts";
import { type CapturePlan, packetLine, planLines } from "../capture-plan.ts";
import type { Loss } from "../loss.ts";
import { LISTENER_SCRIPT } from "./listener-script.ts";

export interface WireListenerOptions {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /**
   * A frame as text, for `parseFrame`, and when the kernel received it: ms since 1970, undefined where that is not known.
   * Not called after the abort.
   */
  readonly onFrame: (text: string, receivedMs: number | undefined) => void;
  /** Another plan came into force, or `listeningOn` changed. Not called after the abort. */
  readonly onState: () => void;
  /** Adverts that came to the interface were not read in time. Not called after the abort. */
  readonly onLost?: (loss: Loss) => void;
  /** Other parts of the agent for which the process works, too. */
  readonly companions?: readonly ListenerCompanion[];
}

/** A part of the agent for which the process works. */
export interface ListenerCompanion {
  /** The lines that it prints for this part begin with this word. */
  readonly word: string;
  /** The process runs, and reads `input`; `end` ends it, and the next one is started. */
  onStart(input: Writable, end: () => void): void;
  /** It printed a line of this part: what follows the word. Not called after the abort. */
  onLine(text: string): void;
  /** It ended. */
  onEnd(): void;
}

export interface WireListener {
  /** The interfaces that it listens on. Empty while the program does not run. */
  readonly listeningOn: ReadonlySet<string>;
  /** Whether the plan that was set last is in force. */
  readonly isPlanInForce: boolean;
  /**
   * Since when the program has read without a pause, while the pace is not quiet. Undefined where it has said nothing for
   * 2 s: it hangs, or this process did.
   */
  readonly readingSinceMs: number | undefined;
  /** Up to when the program has reported everything that came, while the pace is not quiet. */
  readonly readUntilMs: number;
  setPlan(plan: CapturePlan): void;
  /** Sends packets, one each ms. Does nothing while the program does not run. */
  announce(interfaceName: string, packets: readonly LinkPacket[]): void;
  /** Resolves once the program has ended: after the abort, or where there is no Perl. Never rejects. */
  readonly ended: Promise<void>;
}

/**
 * A VIP with a lifetime of 1 s lives for at least 0.75 s after its listener ended. The next listener starts at once.
 */
const RESTART = { firstMs: 20, longestMs: 5_000 };
const NO_PLAN: CapturePlan = { targets: [], members: [], knownFrames: [], pace: "quiet" };
/** It reports every 0.1 s that it reads, later on a busy machine. */
const HUNG_MS = 2_000;
/** Losses within this time are one line of the log. */
const LOSS_LOG_MS = 60_000;

export function openWireListener(options: WireListenerOptions): WireListener {
  const { log, signal, onFrame, onState, companions = [] } = options;
  const listeningOn = new Set<string>();
  let plan = NO_PLAN;
  let planNumber = 0;
  let numberInForce = -1;
  let input: Writable | undefined;
  let aliveMs = Number.NEGATIVE_INFINITY;
  let readingSinceMs = Number.NEGATIVE_INFINITY;
  const lossLoggedMs = new Map<string, number>();

  /** @param printedAt the host's uptime, s. Where this process was frozen, that is long ago, and frames since may be lost. */
  const noteAlive = (printedAt: number) => {
    const atMs = performance.now() - Math.max(0, 1_000 * (uptime() - printedAt));
    if (atMs - aliveMs > HUNG_MS) readingSinceMs = atMs;
    aliveMs = atMs;
  };
  const noteLost = (interfaceName: string, speakers: SpeakerKind, frames: number) => {
    const nowMs = performance.now();
    if (nowMs - (lossLoggedMs.get(speakers) ?? Number.NEGATIVE_INFINITY) > LOSS_LOG_MS) {
      lossLoggedMs.set(speakers, nowMs);
      log.warn({ interface: interfaceName, speakers, frames }, "adverts came too fast to be read");
    }
    options.onLost?.({ interface: interfaceName, speakers });
  };
  const sendPlan = () => {
    if (input?.writable) input.write(`${planLines(plan, planNumber).join("\n")}\n`);
  };
  const takeLine = (line: string) => {
    const [word = "", argument = "", further = ""] = line.split(" ", 3);
    if (word === "alive") return noteAlive(Number(argument));
    if (word === "lost") {
      const [, , speakers = "", frames = ""] = line.split(" ");
      return noteLost(argument, speakers as SpeakerKind, Number(frames));
    }
    if (word === "heard")
      return onFrame(line.slice(`heard ${argument} `.length), Number(argument) || undefined);
    const companion = companions.find((one) => one.word === word);
    if (companion !== undefined) return companion.onLine(line.slice(word.length + 1));
    if (word === "open") listeningOn.add(argument);
    else if (word === "shut") listeningOn.delete(argument);
    else {
      numberInForce = Number(argument);
      noteAlive(Number(further));
    }
    onState();
  };
  const ended = runMonitorProgram({
    program: "perl",
    args: ["-e", LISTENER_SCRIPT],
    what: "adverts and address claims",
    restart: RESTART,
    withoutIt:
      "perl is missing: planned changes cannot hear the other hosts, no split brain is detected, VIPs have no lease, and changes of the network are noticed within a minute",
    onStart: (stdin, end) => {
      input = stdin;
      sendPlan();
      for (const companion of companions) companion.onStart(stdin, end);
    },
    onLine: takeLine,
    onEnd: () => {
      input = undefined;
      numberInForce = -1;
      aliveMs = Number.NEGATIVE_INFINITY;
      listeningOn.clear();
      for (const companion of companions) companion.onEnd();
      if (!signal.aborted) onState();
    },
    log,
    signal,
  });
  return {
    listeningOn,
    get isPlanInForce() {
      return numberInForce === planNumber;
    },
    get readingSinceMs() {
      return performance.now() - aliveMs > HUNG_MS ? undefined : readingSinceMs;
    },
    get readUntilMs() {
      return aliveMs;
    },
    setPlan: (next) => {
      plan = next;
      planNumber += 1;
      sendPlan();
    },
    announce: (interfaceName, packets) => {
      const lines = packets.map((packet) => `${packetLine("announce", interfaceName, packet)}\n`);
      if (input?.writable) input.write(lines.join(""));
    },
    ended,
  };
}
