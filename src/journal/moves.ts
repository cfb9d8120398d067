/** The moves of VIPs to and from this host, each in a sentence that says why. */
import { elapsedMs, timeOfDay } from "../text/instant.ts";
import { causeOf } from "./cause.ts";
import type { JournalEntry } from "./event.ts";

export interface VipMove {
  /** ISO 8601, of the move. */
  readonly at: string;
  readonly group: string;
  readonly move: "left" | "came";
  readonly sentence: string;
  /** Of the entry in the journal that it is about. */
  readonly index: number;
}

/** What became of the owner before, and who is the next one, is found out within this time, ms. */
const CONSEQUENCE_MS = 5_000;

const SUCCESSIONS = {
  "given-up": "its owner gave it up",
  silent: "its owner fell silent",
  "none-heard": "no owner was heard",
} as const;

/**
 * In the order of the entries, which are those of one host from the oldest to the newest: "web left host-2 at 03:14:07:
 * port 80/tcp not published for 0.8 s". Times are UTC.
 */
export function deriveMoves(entries: readonly JournalEntry[]): VipMove[] {
  const owned = new Set<string>();
  let host = entries.find((entry) => entry.kind === "host")?.name ?? "this host";
  return entries.flatMap((entry, index): VipMove[] => {
    if (entry.kind === "host") host = entry.name;
    if (entry.kind === "agent-started") return deaths(entries, index, { owned, host });
    if (entry.kind !== "transition") return [];
    const { at, group, from, to } = entry;
    if (to === "MASTER") {
      owned.add(group);
      const why = successionOf(entries, index, group);
      return [
        { at, group, move: "came", sentence: `${group} came to ${host} at ${timeOfDay(at)}${why}`, index },
      ];
    }
    owned.delete(group);
    if (from !== "MASTER") return [];
    const cause = causeOf({ group, index, entries }) ?? "the journal does not say why";
    const heir = heirOf(entries, index, group);
    const sentence = `${group} left ${host} at ${timeOfDay(at)}: ${cause}${heir}`;
    return [{ at, group, move: "left", sentence, index }];
  });
}

function successionOf(entries: readonly JournalEntry[], index: number, group: string): string {
  const found = consequence(entries, index, group, "succession");
  return found === undefined ? "" : `: ${SUCCESSIONS[found.how]}`;
}

function heirOf(entries: readonly JournalEntry[], index: number, group: string): string {
  const found = consequence(entries, index, group, "taken-over");
  return found === undefined ? "" : `; ${found.by} took over`;
}

/** What is written down of a transition a moment later, before the group goes on to another state as owner. */
function consequence<K extends "succession" | "taken-over">(
  entries: readonly JournalEntry[],
  index: number,
  group: string,
  kind: K,
): Extract<JournalEntry, { kind: K }> | undefined {
  const at = entries[index]?.at ?? "";
  for (const entry of entries.slice(index + 1)) {
    if (elapsedMs(at, entry.at) > CONSEQUENCE_MS) break;
    if (!("group" in entry) || entry.group !== group) continue;
    if (entry.kind === kind) return entry as Extract<JournalEntry, { kind: K }>;
    if (entry.kind === "transition" && (entry.from === "MASTER" || entry.to === "MASTER")) break;
  }
  return undefined;
}

/** An agent that starts while its journal still has it own VIPs: the one before it never came to its end. */
function deaths(
  entries: readonly JournalEntry[],
  index: number,
  { owned, host }: { readonly owned: Set<string>; readonly host: string },
): VipMove[] {
  const groups = [...owned];
  owned.clear();
  const at = entries[index - 1]?.at ?? "";
  return groups.map((group) => {
    const cause = "the agent ended without a word, killed or with the host";
    const sentence = `${group} left ${host} after ${timeOfDay(at)}: ${cause}`;
    return { at, group, move: "left", sentence, index };
  });
}
