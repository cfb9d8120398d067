/** One subscriber to the adverts of one interface. */
export interface AdvertSubscription {
  /** Since when every advert arrives, on the clock of performance.now(). Undefined while none can arrive. */
  readonly sinceMs: number | undefined;
  /**
   * Up to when everything that came was reported: later silence proves nothing yet, as the listener may hang. Undefined where it is
   * always up to now.
   */
  readonly untilMs?: number | undefined;
  close(): void;
}
