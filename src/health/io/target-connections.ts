/**
 * Connects to the targets behind the published ports, and remembers which of them have ever accepted.
 *
 * A target that has never accepted is tried in the background: it may drop every packet, and then each attempt takes
 * its whole time.
 */
import type { ProbeOutcome } from "../probe-outcome.ts";
import { probeTcp } from "./tcp-probe.ts";

/** More targets than any host publishes. The one that was asked about first is forgotten first. */
const MAX_TARGETS = 4_096;

export interface Target {
  readonly address: string;
  readonly port: number;
}

/** What is known of a target now. */
export type TargetAnswer =
  | { readonly phase: "untried" }
  /** It has not accepted since the start of the agent. */
  | { readonly phase: "never-accepted"; readonly reason: string; readonly forMs: number }
  /** It has accepted at least once. The outcome is of a connection that ended just now. */
  | { readonly phase: "known"; readonly outcome: ProbeOutcome };

export interface TargetConnections {
  /** One connection to a target at a time, which all who ask share. Never rejects. */
  ask(target: Target, timeoutMs: number): Promise<TargetAnswer>;
}

interface Memory {
  hasAccepted: boolean;
  /** The last failure, and when the first one came. */
  failure: { readonly reason: string; readonly sinceMs: number } | undefined;
  attempt: Promise<ProbeOutcome> | undefined;
}

/** @param signal ends all connections. */
export function createTargetConnections(signal: AbortSignal): TargetConnections {
  const memories = new Map<string, Memory>();
  const memoryOf = (key: string): Memory => {
    const memory = memories.get(key) ?? { hasAccepted: false, failure: undefined, attempt: undefined };
    memories.set(key, memory);
    const [oldest = ""] = memories.keys();
    if (memories.size > MAX_TARGETS) memories.delete(oldest);
    return memory;
  };
  const connect = async (memory: Memory, { address, port }: Target, timeoutMs: number) => {
    const outcome = await probeTcp({ host: address, port, timeoutMs, signal }).catch(() => ABORTED);
    memory.attempt = undefined;
    if (outcome.sample === "healthy") memory.hasAccepted = true;
    else memory.failure = { reason: outcome.reason, sinceMs: memory.failure?.sinceMs ?? performance.now() };
    return outcome;
  };
  return {
    ask: async (target, timeoutMs) => {
      const memory = memoryOf(`${target.address} ${target.port}`);
      memory.attempt ??= connect(memory, target, timeoutMs);
      if (memory.hasAccepted) return { phase: "known", outcome: await memory.attempt };
      const { failure } = memory;
      if (failure === undefined) return { phase: "untried" };
      const { reason, sinceMs } = failure;
      return { phase: "never-accepted", reason, forMs: performance.now() - sinceMs };
    },
  };
}

const ABORTED: ProbeOutcome = { sample: "unknown", reason: "not asked" };
