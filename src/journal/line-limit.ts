/**
 * Limits what others can write into the journal: forged adverts that come and go would begin and end a suspicion each
 * time, and push out the entries that matter. So would the pauses of a starved host. Transitions, checks and orders are
 * never limited.
 */
import { FROZEN_MS } from "../health/pause.ts";
import type { JournalEvent } from "./event.ts";

/** Lines of one kind (a group's suspicions, a part's problems, contradictions) within an hour. */
export const LINES_AN_HOUR = 20;
const HOUR_MS = 3_600_000;
/** Made-up kinds must not cost memory: there are as many as groups and parts. */
const MAX_KINDS = 1_000;

/** `write` as it is, `write-last` before a pause, or `leave-out`. */
type Verdict = { readonly is: "write" } | { readonly is: "leave-out" } | { is: "write-last"; of: string };

export interface LineLimit {
  /** @param nowMs of a monotonic clock. */
  judge(event: JournalEvent, nowMs: number): Verdict;
}

export function createLineLimit(): LineLimit {
  const writtenMs = new Map<string, readonly number[]>();
  return {
    judge: (event, nowMs) => {
      const of = limitedKind(event);
      if (of === undefined) return { is: "write" };
      const recent = (writtenMs.get(of) ?? []).filter((atMs) => nowMs - atMs < HOUR_MS);
      if (recent.length >= LINES_AN_HOUR) return { is: "leave-out" };
      if (writtenMs.size >= MAX_KINDS && !writtenMs.has(of)) writtenMs.clear();
      writtenMs.set(of, [...recent, nowMs]);
      return recent.length + 1 < LINES_AN_HOUR ? { is: "write" } : { is: "write-last", of };
    },
  };
}

/** Undefined for an event that is always written. */
function limitedKind(event: JournalEvent): string | undefined {
  if (event.kind === "split-brain") return `split brain of ${event.group}`;
  // of a starved host; those that move VIPs are always written
  if (event.kind === "agent-frozen")
    return event.durationMs < FROZEN_MS ? "short pauses of the agent" : undefined;
  if (event.kind === "problem") return `problems of ${event.part}`;
  return event.kind === "contradiction" ? "contradictions" : undefined;
}
