/** The ear of one agent: every advert that reaches its machine, whatever keepalived makes of it. */
import type { Advert } from "../../src/vrrp/advert.ts";
import type { AdvertSubscription } from "../../src/wire/subscription.ts";
import type { ProcessClock } from "./clock.ts";

/** From the start of the listener to its first packet. */
const OPEN_MS = 150;

export class Wire {
  readonly #clock: ProcessClock;
  readonly #onOpen: () => void;
  readonly #subscribers = new Set<(advert: Advert) => void>();
  #openMs: number | undefined;

  constructor(clock: ProcessClock, onOpen: () => void) {
    [this.#clock, this.#onOpen] = [clock, onOpen];
  }

  open(): void {
    this.#clock.in(OPEN_MS, () => {
      this.#openMs = this.#clock.nowMs;
      this.#onOpen();
    });
  }

  readonly subscribe = (_interface: string, onAdvert: (advert: Advert) => void): AdvertSubscription => {
    const fromMs = this.#clock.nowMs;
    const openMs = () => this.#openMs;
    this.#subscribers.add(onAdvert);
    return {
      get sinceMs() {
        const since = openMs();
        return since === undefined ? undefined : Math.max(since, fromMs);
      },
      close: () => void this.#subscribers.delete(onAdvert),
    };
  };

  receive(advert: Advert): void {
    if (this.#openMs === undefined) return;
    for (const hear of [...this.#subscribers]) hear(advert);
  }
}
