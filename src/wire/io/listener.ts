/**
 * What others say on the wire of this host's interfaces: adverts, and claims of addresses that only this host may have.
 *
 * One program for the whole agent (core/wire-script.ts), which dies with the agent. It says when it listens to an interface:
 * that tells silence from deafness, but for an interface that is down, which is silent too.
 */
import type { Writable } from "node:stream";
import type { Logger } from "pino";
import { runMonitorProgram } from "../../system/io/monitor-program.ts";
import { planLines, type WirePlan } from "../capture-plan.ts";
import { WIRE_SCRIPT } from "../listener-script.ts";

export interface WireOptions {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** A frame, as core/wire-frame.ts reads it. Not called after the abort. */
  readonly onFrame: (text: string) => void;
  /** Another plan is followed, or another set of interfaces is listened to. Not called after the abort. */
  readonly onState: () => void;
}

export interface Wire {
  /** Interfaces that are listened to; empty where nobody does. */
  readonly heard: ReadonlySet<string>;
  /** Whether the last plan is followed. */
  readonly isFollowed: boolean;
  /** Replaces the plan. */
  follow(plan: WirePlan): void;
  /** Resolves after the abort, or when there is no Perl; by then it is gone. Never rejects. */
  readonly ended: Promise<void>;
}

const RESTART = { firstMs: 250, longestMs: 5_000 };
const NO_PLAN: WirePlan = { wishes: [], muted: [], isPrompt: false };

export function openWire({ log, signal, onFrame, onState }: WireOptions): Wire {
  const heard = new Set<string>();
  let plan = NO_PLAN;
  let number = 0;
  let followed = -1;
  let input: Writable | undefined;

  const send = () => {
    if (input?.writable) input.write(`${planLines(plan, number).join("\n")}\n`);
  };
  const take = (line: string) => {
    const [word, first = ""] = line.split(" ", 2);
    if (word === "heard") return onFrame(line.slice("heard ".length));
    if (word === "open") heard.add(first);
    else if (word === "shut") heard.delete(first);
    else followed = Number(first);
    onState();
  };
  const ended = runMonitorProgram({
    program: "perl",
    args: ["-e", WIRE_SCRIPT],
    what: "adverts and address claims",
    restart: RESTART,
    withoutIt:
      "no perl to listen with: planned changes do not hear the other hosts, nor is a split brain seen",
    onStart: (stdin) => {
      input = stdin;
      send();
    },
    onLine: take,
    onEnd: () => {
      input = undefined;
      followed = -1;
      heard.clear();
      if (!signal.aborted) onState();
    },
    log,
    signal,
  });
  return {
    heard,
    get isFollowed() {
      return followed === number;
    },
    follow: (next) => {
      plan = next;
      number += 1;
      send();
    },
    ended,
  };
}
