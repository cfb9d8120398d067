/**
 * What others say on the wire of this host's interfaces: adverts, and claims of addresses that only this host may have.
 *
 * One program for the whole agent (core/wire-script.ts), which dies with the agent. It says when it listens to an interface:
 * that tells silence from deafness, but for an interface that is down, which is silent too.
 */
import { env } from "node:process";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { execa } from "execa";
import { bareEnvironment, boundToAgent } from "../../system/child-command.ts";
import type { KeepListening, ListenerEnd } from "../../system/restart-pause.ts";
import { planLines, type WirePlan } from "../capture-plan.ts";
import { WIRE_SCRIPT } from "../listener-script.ts";

export interface WireOptions {
  readonly keep: KeepListening;
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

const NO_PLAN: WirePlan = { wishes: [], muted: [], isPrompt: false };

export function openWire({ keep, signal, onFrame, onState }: WireOptions): Wire {
  const heard = new Set<string>();
  let plan = NO_PLAN;
  let number = 0;
  let followed = -1;
  let input: Writable | undefined;

  const send = () => {
    if (input?.writable) input.write(`${planLines(plan, number).join("\n")}\n`);
  };
  const take = (line: string) => {
    if (signal.aborted) return;
    const [word, first = ""] = line.split(" ", 2);
    if (word === "heard") return onFrame(line.slice("heard ".length));
    if (word === "open") heard.add(first);
    else if (word === "shut") heard.delete(first);
    else followed = Number(first);
    onState();
  };
  const listen = async (): Promise<ListenerEnd> => {
    const child = startPerl(signal);
    let said = "";
    child.stdin.on("error", () => undefined); // it ended, and is told of below
    child.stderr.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-1_000);
    });
    createInterface({ input: child.stdout }).on("line", take);
    input = child.stdin;
    send();
    const { code, exitCode, durationMs, shortMessage } = await child;
    input = undefined;
    followed = -1;
    heard.clear();
    if (!signal.aborted) onState();
    const isMissing = code === "ENOENT" || exitCode === 127;
    return { isMissing, complaint: said.trim().split("\n")[0] || (shortMessage ?? ""), durationMs };
  };

  const ended = keep(listen);
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

function startPerl(signal: AbortSignal) {
  return execa(...boundToAgent("KILL", "perl", ["-e", WIRE_SCRIPT]), {
    ...bareEnvironment(env),
    buffer: false,
    cancelSignal: signal,
    detached: true, // a Ctrl-C is the agent's to handle
    encoding: "buffer",
    killSignal: "SIGKILL",
    reject: false,
    stdin: "pipe",
  });
}
