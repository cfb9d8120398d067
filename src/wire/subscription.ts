/** One subscriber to the adverts of one interface. */
export interface AdvertSubscription {
  /** Since when every advert arrives, on the clock of performance.now(). Undefined while none can arrive. */
  readonly sinceMs: number | undefined;
  close(): void;
}
