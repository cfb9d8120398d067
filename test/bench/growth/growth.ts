/** How what something costs grows with the size of something else: what was measured at each size. */
export interface Growth {
  /** Of its plot's file. */
  readonly name: string;
  readonly title: string;
  /** What there is more of from row to row, in the plural. */
  readonly unknown: string;
  /** How it was measured, in sentences. */
  readonly how: string;
  readonly costs: readonly Cost[];
}

export interface Cost {
  readonly what: string;
  readonly unit: string;
  readonly points: readonly Point[];
}

export interface Point {
  readonly size: number;
  readonly value: number;
}
