/** What the bench measures, and the ways that it measures it in. */

/** One measured round. */
export interface Measurement {
  /** In the figure's unit. */
  readonly value: number;
  /** What else was seen, by its name, e.g. `lost probes`. */
  readonly notes?: Readonly<Record<string, number>>;
  /** How the value came about: pairs of x and y, for a plot. */
  readonly series?: readonly (readonly [number, number])[];
}

/** A contender that is set up and can be measured again and again. */
export interface Session {
  measure(): Promise<Measurement>;
  close(): Promise<void>;
}

/** What the agent is to reach. */
export interface Target {
  /** Highest median, in the figure's unit, on a quiet machine of two cores. */
  readonly atMost?: number;
  /** Highest ratio to the baseline's median in the same run. */
  readonly ratio?: number;
  /** Highest value of a note in any round, by its name. */
  readonly notes?: Readonly<Record<string, number>>;
}

/** The agent, the baseline, or a variant of one of them. */
export interface Contender {
  /** `agent` and `baseline` are the two that each ratio is made of. */
  readonly name: string;
  open(plan: Plan): Promise<Session>;
  readonly target?: Target;
  /** Where a round is too slow to be repeated more often. */
  readonly maxRounds?: number;
  /** Where chance spreads the values so much that few rounds have no median. */
  readonly minRounds?: number;
}

export interface Figure {
  /** For `--only`, and for the name of its plot. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** How it is measured, as one paragraph of docs/design/benchmarks.md. */
  readonly how: string;
  readonly contenders: readonly Contender[];
  /** All contenders are measured at the same time, and not in turns: for what lasts, and costs little. */
  readonly isAtOnce?: boolean;
  /** It takes minutes and measures no time, so it is left to the end, where all such figures are measured together. */
  readonly isLasting?: boolean;
}

export interface Plan {
  readonly rounds: number;
  /** How long memory is followed. */
  readonly memoryMinutes: number;
}
