/** The health of the one group on a host: the agent's own verdict over samples, and the holds, become the track file. */
import { nextProbe } from "../../src/health/probe-pace.ts";
import { addSample, type CheckState, NEVER_CHECKED, type RiseFall } from "../../src/health/rise-fall.ts";
import type { ProcessClock } from "./clock.ts";

/** From a written track file to a keepalived that has read it. */
const TRACK_FILE_MS = 2;

export interface ModelHealthOptions {
  readonly clock: ProcessClock;
  readonly pace: RiseFall;
  /** Whether a probe succeeds now. */
  readonly isWell: () => boolean;
  /** keepalived sees the track files. */
  readonly onTrackFile: () => void;
}

export class Health {
  readonly #options: ModelHealthOptions;
  readonly #holds = new Map<string, string>();
  #check: CheckState = NEVER_CHECKED;
  #isProbing = false;
  #isWritten = false;

  constructor(options: ModelHealthOptions) {
    this.#options = options;
    this.look();
  }

  /** What keepalived reads in the track file of any group. */
  readonly isAllowed = (): boolean => this.#isWritten;

  get isHealthy(): boolean {
    return this.#check.verdict === "healthy";
  }

  /** Why the group is held back, if it is. */
  get holds(): ReadonlyMap<string, string> {
    return this.#holds;
  }

  setHold(group: string, reason: string | undefined, by = "plan"): void {
    const key = `${by} ${group}`;
    if (reason === undefined) this.#holds.delete(key);
    else this.#holds.set(key, reason);
    this.#write();
  }

  /** Probes until the verdict says what is: nothing would change it then. */
  look(): void {
    if (this.#isProbing) return;
    this.#isProbing = true;
    const probe = () => {
      const { clock, pace, isWell } = this.#options;
      const sample = isWell() ? "healthy" : "unhealthy";
      const time = { startedMs: clock.nowMs, endedMs: clock.nowMs };
      this.#check = addSample(this.#check, sample, time, pace);
      this.#write();
      this.#isProbing = this.#check.verdict !== sample;
      if (this.#isProbing) clock.at(nextProbe(this.#check, time, pace).dueMs, probe);
    };
    this.#options.clock.in(this.#options.pace.intervalMs / 2, probe);
  }

  /** Forgets the verdict: the agent was frozen. */
  reset(): void {
    this.#check = NEVER_CHECKED;
    this.#write();
    this.look();
  }

  #write(): void {
    const isAllowed = this.#check.verdict === "healthy" && this.#holds.size === 0;
    if (isAllowed === this.#isWritten) return;
    this.#isWritten = isAllowed;
    this.#options.clock.in(TRACK_FILE_MS, this.#options.onTrackFile);
  }
}
