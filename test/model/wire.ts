/**
 * The listener of one agent: every advert that reaches its machine, whatever keepalived makes of it. While nobody subscribes, the
 * adverts of an owner that go on and on are not reported (src/split-brain/known-frames.ts).
 */
import { type Advert, parseAdvert } from "../../src/vrrp/advert.ts";
import { bytesOfHex } from "../../src/vrrp/packet.ts";
import type { LinkPacket } from "../../src/wire/address-probe.ts";
import { isHello } from "../../src/wire/hello.ts";
import type { AdvertSubscription } from "../../src/wire/subscription.ts";
import type { ProcessClock } from "./clock.ts";

/** From the start of the listener to its first packet. */
const OPEN_MS = 150;
/** An owner's adverts are muted after this time. */
const SOLE_OWNER_MS = 3_000;
/** An owner that was silent for this long is reported again. */
const SILENCE_MS = 4_000;
/** The listener says this often that it reads; where it said nothing for longer than HUNG_MS, nothing counts as heard. */
const ALIVE_MS = 500;
const HUNG_MS = 2_000;
/** A guarded address is asked for at once, and then this often. */
const ASK_MS = 1_000;

export interface WireOptions {
  readonly clock: ProcessClock;
  readonly onOpen: () => void;
  /** An advert that is not muted. */
  readonly onAdvert: (advert: Advert, mac: string) => void;
  /** The MACs of the other machines that answer for the address. */
  readonly answerers: (address: string) => readonly string[];
  /** Another machine answered for the address. */
  readonly onAnswer: (address: string, mac: string) => void;
  /** Another host said hello. */
  readonly onHello: (hello: Advert) => void;
  /** Sends an advert, or a hello. */
  readonly onSend: (advert: Advert) => void;
}

export class Wire {
  readonly #options: WireOptions;
  readonly #subscribers = new Set<(advert: Advert) => void>();
  #openMs: number | undefined;
  #aliveMs = Number.NEGATIVE_INFINITY;
  /** Since when the listener reads without a pause. */
  #readingMs = Number.NEGATIVE_INFINITY;
  #row = { frame: "", sinceMs: 0, lastMs: Number.NEGATIVE_INFINITY };

  constructor(options: WireOptions) {
    this.#options = options;
  }

  open(): void {
    const { clock, onOpen } = this.#options;
    clock.in(OPEN_MS, () => {
      this.#openMs = clock.nowMs;
      this.#sayAlive();
      onOpen();
    });
  }

  #sayAlive(): void {
    const { clock } = this.#options;
    if (clock.nowMs - this.#aliveMs > HUNG_MS) this.#readingMs = clock.nowMs;
    this.#aliveMs = clock.nowMs;
    clock.in(ALIVE_MS, () => this.#sayAlive());
  }

  /** Undefined while nothing can be heard. */
  get #hearingMs(): number | undefined {
    const isReading = this.#options.clock.nowMs - this.#aliveMs <= HUNG_MS;
    return this.#openMs === undefined || !isReading ? undefined : Math.max(this.#openMs, this.#readingMs);
  }

  readonly subscribe = (
    _interface: string,
    onAdvert: (advert: Advert) => void,
    guarded?: { readonly address: string },
  ): AdvertSubscription => {
    const fromMs = this.#options.clock.nowMs;
    const hearingMs = () => this.#hearingMs;
    this.#subscribers.add(onAdvert);
    if (guarded !== undefined) this.#ask(guarded.address, onAdvert, 0);
    return {
      get sinceMs() {
        const since = hearingMs();
        return since === undefined ? undefined : Math.max(since, fromMs);
      },
      close: () => void this.#subscribers.delete(onAdvert),
    };
  };

  /** Asks for an address as long as the subscriber is one. */
  #ask(address: string, subscriber: (advert: Advert) => void, delayMs: number): void {
    const { clock, answerers, onAnswer } = this.#options;
    clock.in(delayMs, () => {
      if (!this.#subscribers.has(subscriber)) return;
      if (this.#openMs !== undefined) for (const mac of answerers(address)) onAnswer(address, mac);
      this.#ask(address, subscriber, ASK_MS);
    });
  }

  readonly send = (_interface: string, { packet }: LinkPacket): void => {
    const advert = parseAdvert(bytesOfHex(packet));
    if (advert !== undefined) this.#options.onSend(advert);
  };

  receive(advert: Advert, mac: string): void {
    if (this.#openMs === undefined) return;
    if (isHello(advert)) this.#options.onHello(advert);
    else this.#receiveAdvert(advert, mac);
  }

  #receiveAdvert(advert: Advert, mac: string): void {
    const isMuted = this.#noteRow(advert) && this.#subscribers.size === 0;
    for (const hear of [...this.#subscribers]) hear(advert);
    if (!isMuted) this.#options.onAdvert(advert, mac);
  }

  /** @returns whether the same advert has come for long. */
  #noteRow({ source, destination, version, virtualRouterId, priority, addresses }: Advert): boolean {
    const frame = [source, destination, version, virtualRouterId, priority, addresses[0]].join(" ");
    const { nowMs } = this.#options.clock;
    const isRow = frame === this.#row.frame && nowMs - this.#row.lastMs < SILENCE_MS;
    this.#row = { frame, sinceMs: isRow ? this.#row.sinceMs : nowMs, lastMs: nowMs };
    return nowMs - this.#row.sinceMs >= SOLE_OWNER_MS;
  }
}
