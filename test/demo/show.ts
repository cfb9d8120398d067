/** The demo from its first host to its last question. */
import { createLab, type Lab } from "../e2e/lab/lab.ts";
import type { Prober } from "../e2e/lab/prober.ts";
import { DEFAULT_VIP } from "../e2e/lab/topology.ts";
import { Cluster } from "./cluster.ts";
import { hostTable } from "./host-table.ts";
import {
  disturbService,
  harmOwner,
  type Outcome,
  PROBE_INTERVAL_MS,
  PROBE_TIMEOUT_MS,
  type Stage,
} from "./incident.ts";
import { outcomeText, returnText } from "./outcome-text.ts";
import type { Screen } from "./screen.ts";
import { summary } from "./summary.ts";
import { WAYS, type Way } from "./ways.ts";

const HOSTS = 3;
const TOO_SHORT = "The demo ended before a host served the VIP.";
const FIRST_ANSWER_TIMEOUT_MS = 30_000;

/**
 * Runs until the signal aborts; by its return nothing of the lab is left.
 *
 * @returns what was measured, line by line.
 * @throws {Error} where a host cannot be made, or nobody takes over.
 */
export async function runShow(screen: Screen, signal: AbortSignal): Promise<string[]> {
  screen.now("making hosts, each with docker0, iptables rules, a service and metadata");
  const lab = await unlessAborted(createLab({ hosts: HOSTS }), signal);
  if (lab === undefined) return [TOO_SHORT];
  const end = (): void => void lab.destroy();
  signal.addEventListener("abort", end, { once: true });
  const show = new Show(lab, screen, signal);
  try {
    await unlessAborted(show.run(), signal);
  } finally {
    await lab.destroy();
  }
  return show.summary();
}

/** Undefined after the abort: whatever fails then fails because of it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

class Show {
  readonly #lab: Lab;
  readonly #screen: Screen;
  readonly #signal: AbortSignal;
  readonly #startedAtMs = Date.now();
  readonly #outcomes: Outcome[] = [];
  #prober: Prober | undefined;
  /** When the first question was answered: what was asked before does not count. */
  #servedAtMs = Number.POSITIVE_INFINITY;
  /** When the disturbance began that is not measured yet: its losses are nobody's. */
  #disturbedAtMs = Number.POSITIVE_INFINITY;

  constructor(lab: Lab, screen: Screen, signal: AbortSignal) {
    this.#lab = lab;
    this.#screen = screen;
    this.#signal = signal;
  }

  /** Never resolves: the abort makes it reject. */
  async run(): Promise<never> {
    this.#signal.throwIfAborted();
    const cluster = new Cluster(this.#lab, this.#signal);
    try {
      const stage = await this.#open(cluster);
      for (;;) {
        for (const way of WAYS) await this.#play(way, stage);
      }
    } finally {
      await cluster.close();
    }
  }

  summary(): string[] {
    if (this.#prober === undefined || this.#servedAtMs === Number.POSITIVE_INFINITY) {
      return [TOO_SHORT];
    }
    const all = this.#prober.report({ sinceMs: this.#servedAtMs });
    const unmeasured = this.#prober.report({ sinceMs: this.#disturbedAtMs });
    return summary(this.#outcomes, {
      asked: all.sent - unmeasured.sent,
      lost: all.lost - unmeasured.lost,
      transitions: this.#lab.ownership.transitions(DEFAULT_VIP, this.#servedAtMs),
      clientPauseMs: all.longestPauseMs,
    });
  }

  /** Resolves once a host serves the VIP and every agent is well. */
  async #open(cluster: Cluster): Promise<Stage> {
    this.#screen.now("starting the agents; keepalived waits some seconds before its first election");
    await cluster.start();
    const prober = this.#lab.probe(cluster.vip, {
      intervalMs: PROBE_INTERVAL_MS,
      timeoutMs: PROBE_TIMEOUT_MS,
    });
    this.#prober = prober;
    const { by, sentAtMs, roundTripMs } = await prober.awaitAnswer(undefined, {
      timeoutMs: FIRST_ANSWER_TIMEOUT_MS,
    });
    this.#servedAtMs = sentAtMs + roundTripMs;
    this.#say(`${by} serves the VIP, the client asks it every ${PROBE_INTERVAL_MS} ms`);
    await cluster.until(() => cluster.isWell, FIRST_ANSWER_TIMEOUT_MS, "every agent is well");
    this.#screen.show((emphasize) => hostTable(cluster.rows(), Date.now(), emphasize));
    return { cluster, prober, signal: this.#signal };
  }

  async #play(way: Way, stage: Stage): Promise<void> {
    this.#screen.now(`now: ${way.name}`);
    this.#disturbedAtMs = Date.now();
    if (way.target === "service") {
      this.#conclude(await disturbService(stage, way));
      return;
    }
    const { outcome, bringBack } = await harmOwner(stage, way);
    this.#conclude(outcome);
    this.#screen.now(`waiting until ${outcome.before} is back`);
    this.#say(returnText(await bringBack()));
  }

  #conclude(outcome: Outcome): void {
    this.#disturbedAtMs = Number.POSITIVE_INFINITY;
    this.#outcomes.push(outcome);
    this.#say(outcomeText(outcome));
  }

  #say(text: string): void {
    const seconds = (Date.now() - this.#startedAtMs) / 1_000;
    this.#screen.say(`${seconds.toFixed(1).padStart(6)} s  ${text}`);
  }
}
