/**
 * The metadata service of one host. It hears of a change after a while of its own, loads the whole document at most once
 * a second, and wakes who waits for it: at once, but for wake-ups that are lost, until its next regular one.
 */
import type { Document, Environment } from "./environment.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

const RELOAD_LIMIT_MS = 1_000;
const WAKE_INTERVAL_MS = 5_000;
/** From a change in Rancher to this host's service hearing of it. */
const NEWS_MS = { lowest: 100, highest: 500 };

export interface ServiceOptions {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly environment: Environment;
  /** Of a wake-up. */
  readonly lossProbability: number;
}

export class MetadataService {
  version = 0;
  document: Document;
  readonly #options: ServiceOptions;
  readonly #phaseMs: number;
  #isReloadPlanned = false;
  #lastReloadMs = Number.NEGATIVE_INFINITY;
  #sleeper: (() => void) | undefined;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#phaseMs = options.random.between(0, WAKE_INTERVAL_MS);
    this.document = options.environment.document;
  }

  /** Something in the environment changed. */
  announce(): void {
    if (this.#isReloadPlanned) return;
    this.#isReloadPlanned = true;
    const { timeline, random } = this.#options;
    const newsMs = timeline.nowMs + random.between(NEWS_MS.lowest, NEWS_MS.highest);
    timeline.at(Math.max(newsMs, this.#lastReloadMs + RELOAD_LIMIT_MS), () => this.#reload());
  }

  /** Calls back once the version is another one, or `maxWaitMs` are over and the service looks at its watch. */
  wait(version: number, maxWaitMs: number, onAnswer: () => void): void {
    if (version !== this.version) {
      onAnswer();
      return;
    }
    const answer = () => {
      if (this.#sleeper !== answer) return;
      this.#sleeper = undefined;
      onAnswer();
    };
    this.#sleeper = answer;
    const { timeline } = this.#options;
    timeline.at(this.#nextWake(timeline.nowMs + maxWaitMs), answer);
  }

  #reload(): void {
    const { timeline, random, environment, lossProbability } = this.#options;
    this.#isReloadPlanned = false;
    this.#lastReloadMs = timeline.nowMs;
    this.version += 1;
    this.document = environment.document;
    const sleeper = this.#sleeper;
    if (sleeper === undefined) return;
    if (random.isChance(lossProbability)) timeline.at(this.#nextWake(timeline.nowMs), sleeper);
    else sleeper();
  }

  /** The first regular wake-up from then on. */
  #nextWake(fromMs: number): number {
    return Math.ceil((fromMs - this.#phaseMs) / WAKE_INTERVAL_MS) * WAKE_INTERVAL_MS + this.#phaseMs;
  }
}
