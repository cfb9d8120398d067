/** Plays a schedule in the model. */
import { Cluster } from "./cluster.ts";
import type { Schedule } from "./script.ts";
import type { Violation } from "./verdict.ts";
import type { Without } from "./without.ts";

export interface Outcome {
  /** The first thing that is wrong; undefined where all is right. */
  readonly violation: Violation | undefined;
  readonly longestOverlapMs: number;
  readonly longestGapMs: number;
  /** The states at the times that were asked for. */
  readonly states: readonly string[];
  /** What happened, one line each. */
  readonly lines: readonly string[];
}

/** The verdict is asked this often, besides at each change of an address. */
const LOOK_MS = 250;
/** How long a schedule is played on once it went wrong. */
const SHOWN_MS = 15_000;

/** @param lookMs when to describe the state of the cluster. */
export async function play(
  schedule: Schedule,
  without: Without = new Set(),
  lookMs: readonly number[] = [],
): Promise<Outcome> {
  const cluster = new Cluster(schedule, without);
  const { clock, verdict } = cluster;
  for (const move of schedule.moves) clock.at(move.atMs, () => cluster.play(move));
  const states: string[] = [];
  for (const atMs of lookMs) clock.at(atMs, () => void states.push(cluster.state));
  const look = () => {
    verdict.judge(clock.nowMs);
    clock.in(LOOK_MS, look);
  };
  look();
  const isShown = () => verdict.violation !== undefined && clock.nowMs > verdict.violation.fromMs + SHOWN_MS;
  await clock.run(schedule.untilMs, isShown);
  const { violation, longestOverlapMs, longestGapMs } = verdict;
  return { violation, longestOverlapMs, longestGapMs, states, lines: cluster.lines };
}
