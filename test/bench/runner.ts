/** Measures the contenders of a figure in turns, so that a machine that becomes slower does so for all of them. */
import type { Contender, Figure, Measurement, Plan, Session } from "./figure.ts";

export interface ContenderResult {
  readonly contender: Contender;
  readonly measurements: readonly Measurement[];
}

export interface FigureResult {
  readonly figure: Figure;
  readonly results: readonly ContenderResult[];
  readonly durationMs: number;
  /** Why it was not measured to the end; the rounds before are part of `results`. */
  readonly error: unknown;
}

/** @param onMeasured is told of each round. */
export async function runFigure(
  figure: Figure,
  plan: Plan,
  onMeasured: (contender: Contender, measurement: Measurement) => void,
): Promise<FigureResult> {
  const startMs = performance.now();
  const results = figure.contenders.map((contender) => ({ contender, measurements: [] as Measurement[] }));
  const sessions: Session[] = [];
  const measure = async (index: number): Promise<void> => {
    const measurement = await sessions[index]!.measure();
    const { contender, measurements } = results[index]!;
    measurements.push(measurement);
    onMeasured(contender, measurement);
  };
  let error: unknown;
  try {
    const openings = await Promise.allSettled(figure.contenders.map((contender) => contender.open(plan)));
    sessions.push(...openings.flatMap((opening) => (opening.status === "fulfilled" ? [opening.value] : [])));
    const failure = openings.find((opening) => opening.status === "rejected");
    if (failure !== undefined) throw failure.reason;
    const counts = figure.contenders.map((contender) => roundsOf(contender, plan.rounds));
    for (let round = 0; round < Math.max(...counts); round += 1) {
      const due = [...counts.keys()].filter((index) => round < counts[index]!);
      if (figure.isAtOnce) await Promise.all(due.map(measure));
      // the first one of a round is the last one of the next: none always comes after the same other
      else for (const index of round % 2 === 0 ? due : due.toReversed()) await measure(index);
    }
  } catch (cause) {
    error = cause;
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
  return { figure, results, durationMs: performance.now() - startMs, error };
}

function roundsOf(
  { minRounds = 0, maxRounds = Number.POSITIVE_INFINITY }: Contender,
  planned: number,
): number {
  return Math.min(Math.max(planned, minRounds), maxRounds);
}
