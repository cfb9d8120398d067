/** How a part reports whether it is well. The agent binds one to each part, so that no part knows the Status. */
export interface Report {
  /** The part has this problem. It replaces the earlier ones. */
  problem(error: unknown): void;
  /** All problems of the part; an empty list means that it is well. */
  problems(errors: readonly unknown[]): void;
  /** The part is well. */
  ok(): void;
}
