/** A rolling upgrade of a whole environment, as every agent in it sees it. */
import { Agent } from "./agent.ts";
import { shareCore } from "./core.ts";
import { Environment } from "./environment.ts";
import { MetadataService } from "./metadata-service.ts";
import { type Observed, Observer } from "./observer.ts";
import { createRandom } from "./random.ts";
import { upgradeAll } from "./rolling-upgrade.ts";
import { STEP_MS, Timeline } from "./timeline.ts";
import { wireHost } from "./wire.ts";

/** Assumed: the pull of an image that is small and near, ms; or of hosts with a bad line. */
const PULL_MS = { lowest: 1_000, highest: 5_000 };
const SLOW_PULL_MS = { lowest: 40_000, highest: 90_000 };
/** Assumed: of a hundred long polls, two are told of a change late. */
const LOSS_PROBABILITY = 0.02;
/** For every host to be a member and a candidate before the upgrade begins. */
const SETTLE_MS = 60_000;

export interface Scenario {
  readonly hosts: number;
  readonly batchSize: number;
  readonly intervalMs: number;
  /** One host of so many pulls the image for longer than PEER_REMOVAL_GRACE. */
  readonly slowEvery?: number;
  readonly seed: number;
}

export interface Outcome extends Observed {
  readonly durationMs: number;
  /** Of the upgrade, of each host in turn; starts of keepalived do not count. */
  readonly reloads: readonly number[];
  readonly readings: readonly number[];
  readonly bytes: readonly number[];
  /** Whether all hosts have all hosts as members at the end. */
  readonly isComplete: boolean;
}

export function simulate({ hosts, batchSize, intervalMs, slowEvery, seed }: Scenario): Outcome {
  const timeline = new Timeline();
  const random = createRandom(seed, STEP_MS);
  const environment = new Environment(Array.from({ length: hosts }, (_, index) => wireHost(index)));
  const core = shareCore();
  const services = environment.hosts.map(
    () => new MetadataService({ timeline, random, environment, lossProbability: LOSS_PROBABILITY }),
  );
  let observer: Observer | undefined;
  const onRoster = (agent: Agent) => observer?.see(agent);
  const agents = environment.hosts.map(
    (host, place) => new Agent({ place, host, timeline, random, service: services[place]!, core, onRoster }),
  );
  observer = new Observer(timeline, agents);
  for (const agent of agents) agent.start();

  let before: readonly Counts[] = [];
  let isOver = false;
  timeline.at(SETTLE_MS, () => {
    before = agents.map(countsOf);
    upgradeAll({
      timeline,
      random,
      environment,
      batchSize,
      intervalMs,
      pullMs: (host) => {
        const isSlow = slowEvery !== undefined && host % slowEvery === 0;
        const { lowest, highest } = isSlow ? SLOW_PULL_MS : PULL_MS;
        return random.between(lowest, highest);
      },
      onStop: (host) => agents[host]!.stop(),
      onStart: (host) => agents[host]!.start(),
      onChange: () => {
        for (const service of services) service.announce();
      },
      onEnd: () => {
        isOver = true;
      },
    });
  });
  timeline.run(() => isOver);

  const spent = agents.map((agent, place) => difference(countsOf(agent), before[place]!));
  return {
    ...observer.result,
    durationMs: timeline.nowMs - SETTLE_MS,
    reloads: spent.map(({ reloads }) => reloads),
    readings: spent.map(({ readings }) => readings),
    bytes: spent.map(({ bytes }) => bytes),
    isComplete: agents.every(({ roster }) => roster?.members.length === hosts),
  };
}

interface Counts {
  readonly reloads: number;
  readonly readings: number;
  readonly bytes: number;
}

function countsOf({ reloads, readings, bytes }: Agent): Counts {
  return { reloads, readings, bytes };
}

function difference(after: Counts, before: Counts): Counts {
  return {
    reloads: after.reloads - before.reloads,
    readings: after.readings - before.readings,
    bytes: after.bytes - before.bytes,
  };
}
