/**
 * Plays every schedule of so many moves of a small alphabet, each move half a second or nine seconds after the one before.
 *
 * A schedule that leads to a state that was seen is not continued. A state is all that the machines, the agents' memory,
 * keepalived and metadata hold; not how long each timer has still to run, so two states that differ in that alone count as
 * one.
 */
import { createHash } from "node:crypto";
import { play } from "./play.ts";
import type { Move, Schedule, Verb } from "./script.ts";
import type { Violation } from "./verdict.ts";
import type { Without } from "./without.ts";

const GAPS_MS = [500, 9_000] as const;
/** After the last move, for what was begun to show. */
const TAIL_MS = 20_000;
/** For all hosts to be settled before the first move. */
const FIRST_MS = 7_000;

export interface Exhausted {
  readonly schedules: number;
  readonly states: number;
  readonly wrong: { readonly schedule: Schedule; readonly violation: Violation } | undefined;
}

/** Ends at the first schedule that goes wrong. @param depth moves after the start of the first host. */
export async function searchExhaustively(
  { depth, hosts }: { readonly depth: number; readonly hosts: number },
  without: Without = new Set(),
): Promise<Exhausted> {
  const seen = new Set<string>();
  let schedules = 0;
  const first: Move = { atMs: 0, verb: "start", args: ["h1"] };
  let frontier: { readonly moves: readonly Move[]; readonly nextMs: number }[] = [
    { moves: [first], nextMs: FIRST_MS },
  ];
  for (let level = 0; level < depth; level += 1) {
    const next: typeof frontier = [];
    for (const { moves, nextMs } of frontier) {
      for (const [verb, ...args] of alphabetFor(hosts)) {
        if (!isPromised(verb, moves)) continue;
        const schedule = scheduleOf(hosts, [...moves, { atMs: nextMs, verb, args }]);
        schedules += 1;
        const lookMs = GAPS_MS.map((gapMs) => nextMs + gapMs);
        const { violation, states } = await play(schedule, without, lookMs);
        if (violation !== undefined) return { schedules, states: seen.size, wrong: { schedule, violation } };
        states.forEach((state, index) => {
          const hash = createHash("sha1").update(state).digest("base64");
          if (seen.has(hash)) return;
          seen.add(hash);
          next.push({ moves: schedule.moves, nextMs: lookMs[index]! });
        });
      }
    }
    frontier = next;
  }
  return { schedules, states: seen.size, wrong: undefined };
}

/** Metadata tells no other lie while a planned change spreads (docs/design/planned-changes.md). */
function isPromised(verb: Verb, moves: readonly Move[]): boolean {
  const verbs = new Set([verb, ...moves.map((move) => move.verb)]);
  return !(verbs.has("set") && verbs.has("state"));
}

function scheduleOf(hosts: number, moves: readonly Move[]): Schedule {
  const untilMs = moves.at(-1)!.atMs + TAIL_MS;
  return { hosts, seed: 0, graceSeconds: 5, hasLease: true, untilMs, moves };
}

function alphabetFor(hosts: number): (readonly [Verb, ...string[]])[] {
  const names = Array.from({ length: hosts }, (_, index) => `h${index + 1}`);
  const late = `after=${names.map((_, index) => 4 * index).join(",")}`;
  return [
    ...names.flatMap((name): (readonly [Verb, ...string[]])[] => [
      ["start", name],
      ["start", name, "without-memory"],
      ["kill", name],
      ["freeze", name],
      ["thaw", name],
      ["state", name, "stopping"],
      ["state", name, "absent"],
    ]),
    ["set", "vrid=101", late],
    ["set", "vrid=100", late],
    ["set", "unicast=false", late],
  ];
}
