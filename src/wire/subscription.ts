/** How a part asks for the adverts of one interface. */

/** Listens on one interface until it is closed. */
export interface Listener {
  /** Since when, ms of performance.now(); undefined while it does not. */
  readonly sinceMs: number | undefined;
  close(): void;
}
