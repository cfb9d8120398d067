/** How a part says how it is. agent binds one to each part, so that no part knows the Status. */
export interface Report {
  /** The part has this problem, in place of those before. */
  problem(error: unknown): void;
  /** All that is wrong with the part; an empty list means that it is well. */
  problems(errors: readonly unknown[]): void;
  /** The part is well. */
  ok(): void;
}
