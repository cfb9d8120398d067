/** What a series of probes says about a virtual IP: losses, silences, and who answered when. Pure arithmetic. */

/** One question to the virtual IP and its fate. */
export interface Probe {
  /** Milliseconds since the epoch, with fractions. */
  readonly sentAtMs: number;
  /** Name of the host that answered, or null where no answer came within the time-out. */
  readonly by: string | null;
  readonly roundTripMs: number;
}

/**
 * A time in which the client got no answer: from one answer's arrival to the next, less one interval. So it is about 0
 * when none is lost or late, and about `n` intervals when `n` in a row are.
 */
export interface Silence {
  /** When the last answer before it arrived. */
  readonly fromMs: number;
  readonly durationMs: number;
  /** Who answered before and after; undefined at either end of the series. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A run of answers by the same host. */
export interface Turn {
  readonly host: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly answers: number;
}

export interface ProbeReport {
  readonly sent: number;
  readonly answered: number;
  readonly lost: number;
  readonly longestSilenceMs: number;
  /** Those longer than the threshold, in order of time. */
  readonly silences: readonly Silence[];
  readonly answersBy: Readonly<Record<string, number>>;
  readonly turns: readonly Turn[];
  readonly slowestAnswerMs: number;
  /** How long the prober itself, at worst, sent nothing beyond its interval: silences up to this are its own. */
  readonly longestPauseMs: number;
}

/**
 * @param probes in any order.
 * @param silenceOverMs the threshold for `silences`.
 */
export function reportOf(probes: readonly Probe[], intervalMs: number, silenceOverMs: number): ProbeReport {
  const sorted = probes.toSorted((a, b) => a.sentAtMs - b.sentAtMs);
  const answered = sorted.filter((probe) => probe.by !== null);
  const silences = silencesOf(sorted, intervalMs);
  return {
    sent: sorted.length,
    answered: answered.length,
    lost: sorted.length - answered.length,
    longestSilenceMs: silences.reduce((worst, silence) => Math.max(worst, silence.durationMs), 0),
    silences: silences.filter((silence) => silence.durationMs > silenceOverMs),
    answersBy: countByHost(answered),
    turns: turnsOf(answered),
    slowestAnswerMs: answered.reduce((worst, probe) => Math.max(worst, probe.roundTripMs), 0),
    longestPauseMs: gaps(sorted).reduce((worst, gap) => Math.max(worst, gap - intervalMs), 0),
  };
}

/**
 * Counted by arrival: what a host held back and sent on late was a silence to the client. Both ends of the series count,
 * too: a virtual IP that never comes back is silent until the last probe.
 */
function silencesOf(sorted: readonly Probe[], intervalMs: number): Silence[] {
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return [];
  const arrivals = sorted
    .filter((probe) => probe.by !== null)
    .map((probe) => ({ atMs: probe.sentAtMs + probe.roundTripMs, by: probe.by ?? undefined }))
    .toSorted((a, b) => a.atMs - b.atMs);
  const marks = [
    { atMs: first.sentAtMs, by: undefined },
    ...arrivals,
    { atMs: last.sentAtMs, by: undefined },
  ];
  return marks.slice(1).flatMap((mark, index) => {
    const before = marks[index] ?? mark;
    const isBetween = index > 0 && index < marks.length - 2;
    const durationMs = mark.atMs - before.atMs - (isBetween ? intervalMs : 0);
    return durationMs > 0 ? [{ fromMs: before.atMs, durationMs, before: before.by, after: mark.by }] : [];
  });
}

function countByHost(answered: readonly Probe[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { by } of answered) counts[by ?? ""] = (counts[by ?? ""] ?? 0) + 1;
  return counts;
}

function turnsOf(answered: readonly Probe[]): Turn[] {
  const turns: Turn[] = [];
  for (const { by, sentAtMs } of answered) {
    const current = turns.at(-1);
    if (current?.host === by)
      turns[turns.length - 1] = { ...current, toMs: sentAtMs, answers: current.answers + 1 };
    else turns.push({ host: by ?? "", fromMs: sentAtMs, toMs: sentAtMs, answers: 1 });
  }
  return turns;
}

function gaps(sorted: readonly Probe[]): number[] {
  return sorted.slice(1).map((probe, index) => probe.sentAtMs - (sorted[index]?.sentAtMs ?? 0));
}
