/**
 * `rancher-compose up --upgrade` of a service that runs once on each host: batch after batch the old containers are
 * stopped, new ones created on the same hosts and started, and after a pause comes the next batch. Old ones stay listed,
 * stopped, until the upgrade is confirmed at its end.
 */
import type { Environment } from "./environment.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** Assumed, ms, each drawn between the two for each container. */
const STEPS = {
  order: { lowest: 0, highest: 300 },
  stop: { lowest: 300, highest: 1_000 },
  create: { lowest: 100, highest: 500 },
  report: { lowest: 500, highest: 1_500 },
};
/** Between the last batch and its confirmation, and after that until all is quiet again. */
const PAUSE_MS = 60_000;

export interface UpgradeOptions {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly environment: Environment;
  readonly batchSize: number;
  readonly intervalMs: number;
  /** From the creation of a host's new container to its start: the pull of the image. */
  readonly pullMs: (host: number) => number;
  readonly onStop: (host: number) => void;
  readonly onStart: (host: number) => void;
  /** Any state of any container changed. */
  readonly onChange: () => void;
  readonly onEnd: () => void;
}

export function upgradeAll(options: UpgradeOptions): void {
  const { timeline, environment, batchSize, intervalMs, onChange, onEnd } = options;
  const count = environment.hosts.length;
  const old = new Set(environment.hosts.keys().map((host) => environment.newestOn(host)));
  const confirm = () => {
    environment.remove(old);
    onChange();
    timeline.in(PAUSE_MS, onEnd);
  };
  const next = (first: number): void => {
    if (first >= count) {
      timeline.in(PAUSE_MS, confirm);
      return;
    }
    const batch = Array.from({ length: Math.min(batchSize, count - first) }, (_, index) => first + index);
    const started = counter(batch.length, () => timeline.in(intervalMs, () => next(first + batchSize)));
    const stopped = counter(batch.length, () => {
      for (const host of batch) startNew(options, host, started);
    });
    for (const host of batch) stopOld(options, host, stopped);
  };
  next(0);
}

function stopOld(options: UpgradeOptions, host: number, onDone: () => void): void {
  const { timeline, random, environment, onStop, onChange } = options;
  const uuid = environment.newestOn(host);
  const set = (state: string) => {
    environment.setState(uuid, state);
    onChange();
  };
  timeline.in(random.between(STEPS.order.lowest, STEPS.order.highest), () => {
    set("stopping");
    onStop(host);
    timeline.in(random.between(STEPS.stop.lowest, STEPS.stop.highest), () => {
      set("stopped");
      onDone();
    });
  });
}

function startNew(options: UpgradeOptions, host: number, onDone: () => void): void {
  const { timeline, random, environment, pullMs, onStart, onChange } = options;
  timeline.in(random.between(STEPS.create.lowest, STEPS.create.highest), () => {
    const uuid = environment.create(host);
    onChange();
    timeline.in(pullMs(host), () => {
      environment.setState(uuid, "starting");
      onChange();
      onStart(host);
      timeline.in(random.between(STEPS.report.lowest, STEPS.report.highest), () => {
        environment.setState(uuid, "running");
        onChange();
        onDone();
      });
    });
  });
}

/** Calls back at the last one of so many calls. */
function counter(calls: number, onLast: () => void): () => void {
  let left = calls;
  return () => {
    left -= 1;
    if (left === 0) onLast();
  };
}
