/** Watches the hosts beside the faults: their files all along, processes and descriptors after each step, memory. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../e2e/lab/host.ts";
import { FilePatrol, journalBytes, MAX_JOURNAL_BYTES } from "./file-patrol.ts";
import type { Fleet } from "./fleet.ts";
import type { Ledger } from "./ledger.ts";
import { type Baseline, baselineOf, leftovers } from "./leftovers.ts";
import { type MemorySample, memoryComplaints, memoryTrends } from "./memory-trend.ts";
import { agentPid, memoryOf, processesOf } from "./processes.ts";

const PATROL_MS = 1_000;
/** One memory sample in so many patrols. */
const PATROLS_A_SAMPLE = 5;

export class Observer {
  readonly #fleet: Fleet;
  readonly #ledger: Ledger;
  readonly #patrol = new FilePatrol();
  readonly #baselines = new Map<Host, Baseline>();
  readonly #samples: MemorySample[] = [];
  readonly #stop = new AbortController();
  #patrolling: Promise<void> = Promise.resolve();

  constructor(fleet: Fleet, ledger: Ledger) {
    this.#fleet = fleet;
    this.#ledger = ledger;
  }

  /** To be called while all is well. From then on files and memory are looked at. */
  async open(signal: AbortSignal): Promise<void> {
    const baselines = await Promise.all(
      this.#fleet.lab.hosts.map(async (host) => [host, await baselineOf(host)] as const),
    );
    for (const [host, baseline] of baselines) this.#baselines.set(host, baseline);
    this.#patrolling = this.#patrolUntil(AbortSignal.any([signal, this.#stop.signal]));
  }

  /** To be called after a step, when all is well again. */
  async look(): Promise<void> {
    const found = await Promise.all(
      [...this.#baselines].map(([host, baseline]) => leftovers(host, baseline)),
    );
    this.#ledger.check(
      "processes",
      found.flatMap(({ processes }) => processes),
    );
    this.#ledger.check(
      "descriptors",
      found.flatMap(({ descriptors }) => descriptors),
    );
  }

  /** The checks of the end. */
  async close(): Promise<void> {
    this.stop();
    await this.#patrolling;
    const { hosts } = this.#fleet.lab;
    const dead = hosts.filter((host) => !host.agent.container.isRunning);
    this.#ledger.check(
      "agents alive",
      dead.map(({ name }) => `${name}: the agent's container has ended`),
    );
    const contradictions = hosts.flatMap((host) => this.#fleet.statusOf(host)?.contradictions ?? []);
    this.#ledger.check(
      "no contradiction",
      contradictions.map(({ text }) => text),
    );
    for (const host of hosts) {
      const bytes = journalBytes(host);
      this.#ledger.check(
        "journal bounded",
        bytes > MAX_JOURNAL_BYTES ? [`${host.name}: ${bytes} bytes`] : [],
      );
    }
    this.#ledger.check("memory", memoryComplaints(memoryTrends(this.#samples)));
  }

  stop(): void {
    this.#stop.abort();
  }

  memoryLines(): string[] {
    return memoryTrends(this.#samples).map(
      ({ life, minutes, firstMegabytes, lastMegabytes, mostMegabytes, megabytesAMinute }) =>
        `memory of the agent ${life} over ${minutes.toFixed(1)} min: ${firstMegabytes.toFixed(1)} MB after the first, ` +
        `${lastMegabytes.toFixed(1)} at last, ${mostMegabytes.toFixed(1)} at most, ${megabytesAMinute.toFixed(2)} a minute`,
    );
  }

  async #patrolUntil(signal: AbortSignal): Promise<void> {
    for (let round = 0; !signal.aborted; round += 1) {
      for (const host of this.#fleet.lab.hosts) {
        if (round % PATROLS_A_SAMPLE === 0) this.#sample(host);
        const complaints = await this.#patrol.complaints(host);
        if (!signal.aborted) this.#ledger.check("files valid", complaints);
      }
      await sleep(PATROL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #sample(host: Host): void {
    const pid = agentPid(processesOf(host));
    const megabytes = pid === undefined ? undefined : memoryOf(pid);
    if (megabytes !== undefined)
      this.#samples.push({ life: `${host.name}/${pid}`, atMs: Date.now(), megabytes });
  }
}
