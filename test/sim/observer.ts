/** Sees the peers of all hosts at once, which no agent does: where they differ, and who is missing where it matters. */
import { derivePriority } from "../../src/groups/shared-numbers.ts";
import type { Agent } from "./agent.ts";
import type { Roster } from "./core.ts";
import type { Timeline } from "./timeline.ts";

/** How long a keepalived that starts listens first, and how long it then waits for an owner, ms. */
const CANDIDATE_AFTER_MS = 3_000 + 600;

export interface Observed {
  /** The longest time in which not all hosts had the same peers, ms. */
  readonly longestDisagreementMs: number;
  /** All such times together, ms. */
  readonly disagreementMs: number;
  /** How long at most a host that could take the VIP was no peer of its owner, ms. */
  readonly longestUnheardByOwnerMs: number;
  /** The same of any host that runs, ms. */
  readonly longestUnheardByAnyMs: number;
  /** A host ran with no peer but itself. */
  readonly hasBeenAlone: boolean;
  readonly ownerChanges: number;
}

export class Observer {
  readonly #timeline: Timeline;
  readonly #agents: readonly Agent[];
  /** How many hosts run with each roster. */
  readonly #counts = new Map<Roster, number>();
  readonly #rosters = new Map<Agent, Roster>();
  readonly #candidates = new Set<Agent>();
  readonly #priorities: ReadonlyMap<Agent, number>;
  readonly #disagreement = new Stopwatch();
  readonly #unheardByOwner = new Map<Agent, Stopwatch>();
  readonly #unheardByAny = new Map<Agent, Stopwatch>();
  #owner: Agent | undefined;
  #ownerChanges = 0;
  #hasBeenAlone = false;

  constructor(timeline: Timeline, agents: readonly Agent[]) {
    this.#timeline = timeline;
    this.#agents = agents;
    this.#priorities = new Map(
      agents.map((agent) => [agent, derivePriority("main", agent.options.host.uuid)]),
    );
  }

  /** The host's keepalived started, has other peers, or ended. */
  see(agent: Agent): void {
    const before = this.#rosters.get(agent);
    const { roster } = agent;
    this.#count(before, -1);
    this.#count(roster, 1);
    if (roster === undefined) this.#end(agent);
    else this.#rosters.set(agent, roster);
    if (roster !== undefined && roster.members.length < 2) this.#hasBeenAlone = true;
    if (before === undefined && roster !== undefined) this.#expect(agent);
    this.#elect();
    this.#look();
  }

  get result(): Observed {
    const { nowMs } = this.#timeline;
    const longest = (watches: ReadonlyMap<Agent, Stopwatch>) =>
      Math.max(0, ...watches.values().map((watch) => watch.longestMs(nowMs)));
    return {
      longestDisagreementMs: this.#disagreement.longestMs(nowMs),
      disagreementMs: this.#disagreement.totalMs(nowMs),
      longestUnheardByOwnerMs: longest(this.#unheardByOwner),
      longestUnheardByAnyMs: longest(this.#unheardByAny),
      hasBeenAlone: this.#hasBeenAlone,
      ownerChanges: this.#ownerChanges,
    };
  }

  #count(roster: Roster | undefined, change: number): void {
    if (roster === undefined) return;
    const count = (this.#counts.get(roster) ?? 0) + change;
    if (count === 0) this.#counts.delete(roster);
    else this.#counts.set(roster, count);
  }

  #end(agent: Agent): void {
    this.#rosters.delete(agent);
    this.#candidates.delete(agent);
  }

  #expect(agent: Agent): void {
    const { startedMs } = agent;
    this.#timeline.in(CANDIDATE_AFTER_MS, () => {
      if (!this.#rosters.has(agent) || agent.startedMs !== startedMs) return;
      this.#candidates.add(agent);
      this.#elect();
      this.#look();
    });
  }

  /** An owner stays one while it runs; where it ends, the candidate of the highest priority takes over. */
  #elect(): void {
    if (this.#owner !== undefined && this.#candidates.has(this.#owner)) return;
    const rank = (agent: Agent) => this.#priorities.get(agent) ?? 0;
    let best: Agent | undefined;
    for (const agent of this.#candidates) if (best === undefined || rank(agent) > rank(best)) best = agent;
    if (this.#owner !== undefined) this.#ownerChanges += 1;
    this.#owner = best;
  }

  #look(): void {
    const { nowMs } = this.#timeline;
    this.#disagreement.set(this.#counts.size > 1, nowMs);
    const owners = this.#owner?.roster;
    const rosters = [...this.#counts.keys()];
    for (const agent of this.#suspects(rosters)) {
      const { uuid } = agent.options.host;
      const isCandidate = this.#candidates.has(agent);
      const isUnheard = (roster: Roster | undefined) => isCandidate && roster?.hostUuids.has(uuid) === false;
      stopwatchOf(this.#unheardByOwner, agent).set(isUnheard(owners), nowMs);
      stopwatchOf(this.#unheardByAny, agent).set(rosters.some(isUnheard), nowMs);
    }
  }

  /** Whoever is missing somewhere, or was. */
  #suspects(rosters: readonly Roster[]): Iterable<Agent> {
    const isComplete = rosters.every(({ members }) => members.length === this.#agents.length);
    return isComplete ? this.#unheardByAny.keys() : this.#agents;
  }
}

function stopwatchOf(watches: Map<Agent, Stopwatch>, agent: Agent): Stopwatch {
  const watch = watches.get(agent) ?? new Stopwatch();
  watches.set(agent, watch);
  return watch;
}

/** How long something was so, at the longest and in all. */
class Stopwatch {
  #sinceMs: number | undefined;
  #longestMs = 0;
  #totalMs = 0;

  set(isSo: boolean, nowMs: number): void {
    if (isSo) this.#sinceMs ??= nowMs;
    else if (this.#sinceMs !== undefined) {
      [this.#longestMs, this.#totalMs] = [this.longestMs(nowMs), this.totalMs(nowMs)];
      this.#sinceMs = undefined;
    }
  }

  longestMs(nowMs: number): number {
    return Math.max(this.#longestMs, this.#lastMs(nowMs));
  }

  totalMs(nowMs: number): number {
    return this.#totalMs + this.#lastMs(nowMs);
  }

  #lastMs(nowMs: number): number {
    return this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs;
  }
}
