/**
 * One simulated agent. What it makes of metadata is the agent's own core; when it asks and when it reloads is written anew
 * here, since those parts of the agent (src/metadata/io/poll.ts and src/agent/reconcile.ts) live by the clock of the machine. Their times
 * are repeated here.
 */
import { nextReadingMs } from "../../src/metadata/departure.ts";
import { rememberedMembership } from "../../src/metadata/membership.ts";
import type { Membership } from "../../src/metadata/membership-entry.ts";
import type { Host } from "../../src/metadata/snapshot.ts";
import { GRACE_MS, type Roster, type SharedCore, textFor } from "./core.ts";
import type { MetadataService } from "./metadata-service.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** Of src/metadata/io/poll.ts. */
const READ_GAP_MS = 500;
const IDLE_GAP_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const FULL_READ_MS = 300_000;
/** Of src/agent/reconcile.ts. */
const RELOAD_GAP_MS = 2_000;

/** Assumed: from the start of a container to the agent's first question. */
const BOOT_MS = { lowest: 300, highest: 600 };
/** Assumed: for all that a reading asks. */
const READ_MS = { lowest: 100, highest: 200 };
/** Assumed: from a text that differs to a keepalived that has taken it. */
const APPLY_MS = 100;

export interface AgentOptions {
  readonly place: number;
  readonly host: Host;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly service: MetadataService;
  readonly core: SharedCore;
  /** keepalived runs with other peers, or runs no more. */
  readonly onRoster: (agent: Agent) => void;
}

export class Agent {
  reloads = 0;
  readings = 0;
  bytes = 0;
  /** Whom keepalived sends adverts to and hears, with this host; undefined while it does not run. */
  roster: Roster | undefined;
  /** Since when keepalived runs, ms. */
  startedMs = Number.NaN;
  readonly options: AgentOptions;
  #membership: Membership = [];
  #text = "";
  /** Of the container; what an earlier one planned does not happen. */
  #life = 0;
  #seen: number | undefined;
  #dueMs = 0;
  #lastReadMs = Number.NEGATIVE_INFINITY;
  #nextReloadMs = Number.NEGATIVE_INFINITY;
  #isReconcilePlanned = false;

  constructor(options: AgentOptions) {
    this.options = options;
  }

  /** A new container of the agent: it knows the members that the one before wrote down, and nothing of when. */
  start(): void {
    this.#life += 1;
    this.#membership = rememberedMembership(this.#membership.map(({ member }) => member));
    this.#text = "";
    this.#seen = undefined;
    this.#dueMs = 0;
    this.#lastReadMs = this.#nextReloadMs = Number.NEGATIVE_INFINITY;
    this.#isReconcilePlanned = false;
    const { timeline, random } = this.options;
    timeline.in(random.between(BOOT_MS.lowest, BOOT_MS.highest), this.#inThisLife(this.#poll));
  }

  /** The container is told to stop: keepalived says farewell and ends. */
  stop(): void {
    this.#life += 1;
    this.roster = undefined;
    this.options.onRoster(this);
  }

  readonly #poll = (): void => {
    const { timeline, service } = this.options;
    const startedMs = timeline.nowMs;
    if (this.#seen === undefined) {
      this.#read();
      return;
    }
    const restMs = Math.ceil((this.#dueMs - startedMs) / 1_000) * 1_000;
    const waitMs = Math.max(1_000, Math.min(LONGEST_WAIT_MS, restMs));
    const answered = this.#inThisLife(() => {
      if (service.version === this.#seen && timeline.nowMs < this.#dueMs) {
        timeline.at(startedMs + IDLE_GAP_MS, this.#inThisLife(this.#poll));
      } else {
        timeline.at(this.#lastReadMs + READ_GAP_MS, this.#inThisLife(this.#read));
      }
    });
    service.wait(this.#seen, waitMs, answered);
  };

  readonly #read = (): void => {
    const { timeline, random, service } = this.options;
    this.#lastReadMs = timeline.nowMs;
    const { version } = service;
    const readMs = random.between(READ_MS.lowest, READ_MS.highest);
    this.bytes += service.document.bytes;
    const done = this.#inThisLife(() => (service.version === version ? this.#learn() : this.#read()));
    timeline.in(readMs, done);
  };

  #learn(): void {
    const { timeline, service, core, place } = this.options;
    const { nowMs } = timeline;
    this.readings += 1;
    this.#seen = service.version;
    this.#membership = core.learn(this.#membership, service.document, place, nowMs);
    this.#dueMs = Math.min(
      nextReadingMs(this.#membership, GRACE_MS, nowMs) ?? Number.POSITIVE_INFINITY,
      nowMs + FULL_READ_MS,
    );
    this.#ring();
    this.#poll();
  }

  #ring(): void {
    if (this.#isReconcilePlanned || this.options.core.rosterOf(this.#membership) === this.roster) return;
    this.#isReconcilePlanned = true;
    this.options.timeline.at(this.#nextReloadMs, this.#inThisLife(this.#reconcile));
  }

  readonly #reconcile = (): void => {
    const { timeline, core, host } = this.options;
    this.#isReconcilePlanned = false;
    const roster = core.rosterOf(this.#membership);
    const text = textFor(host, roster.members);
    if (text === this.#text) return;
    const isStart = this.#text === "";
    this.#text = text;
    this.#nextReloadMs = timeline.nowMs + APPLY_MS + RELOAD_GAP_MS;
    const taken = this.#inThisLife(() => {
      if (isStart) this.startedMs = timeline.nowMs;
      else this.reloads += 1;
      this.roster = roster;
      this.options.onRoster(this);
    });
    timeline.in(APPLY_MS, taken);
  };

  #inThisLife(happens: () => void): () => void {
    const life = this.#life;
    return () => {
      if (life === this.#life) happens();
    };
  }
}
