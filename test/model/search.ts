/** Plays schedule after schedule, and shrinks what goes wrong. */
import { type Outcome, play } from "./play.ts";
import { drawSchedule, type Subject } from "./random-schedule.ts";
import type { Schedule } from "./script.ts";
import { shrink } from "./shrink.ts";
import type { Violation } from "./verdict.ts";
import type { Without } from "./without.ts";

export interface SearchOptions {
  readonly schedules: number;
  readonly seed: number;
  readonly hosts?: number | undefined;
  readonly subject?: Subject | undefined;
  readonly without?: Without;
}

export interface CounterExample {
  /** As it was drawn, and as short as it can be. */
  readonly drawn: Schedule;
  readonly schedule: Schedule;
  readonly violation: Violation;
  readonly lines: readonly string[];
}

export interface Found {
  readonly schedules: number;
  readonly longestOverlapMs: number;
  readonly longestGapMs: number;
  /** Undefined where nothing went wrong. */
  readonly counterExample: CounterExample | undefined;
}

/** Ends at the first schedule that goes wrong. */
export async function searchRandomly(options: SearchOptions): Promise<Found> {
  let [longestOverlapMs, longestGapMs] = [0, 0];
  for (let done = 0; done < options.schedules; done += 1) {
    const drawn = drawSchedule(options.seed + done, options.hosts, options.subject);
    const outcome = await play(drawn, options.without);
    longestOverlapMs = Math.max(longestOverlapMs, outcome.longestOverlapMs);
    longestGapMs = Math.max(longestGapMs, outcome.longestGapMs);
    if (outcome.violation === undefined) continue;
    const counterExample = await shorten(drawn, outcome.violation, options.without);
    return { schedules: done + 1, longestOverlapMs, longestGapMs, counterExample };
  }
  return { schedules: options.schedules, longestOverlapMs, longestGapMs, counterExample: undefined };
}

/** The shortest schedule that goes wrong in the same way. */
async function shorten(
  drawn: Schedule,
  { kind }: Violation,
  without: Without | undefined,
): Promise<CounterExample> {
  const schedule = await shrink(drawn, async (candidate) => {
    const outcome = await play(candidate, without);
    return outcome.violation?.kind === kind;
  });
  const { violation, lines }: Outcome = await play(schedule, without);
  return { drawn, schedule, violation: violation!, lines };
}
