/** The metrics in the text format of Prometheus. Values are computed at each scrape, and at no other time. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Sample } from "../samples.ts";
import { METRIC_PREFIX, METRICS, type MetricName } from "../table.ts";

/** Upper bounds: from reading one rule set to the longest useful CHECK_TIMEOUT. */
const PROBE_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Period of prom-client's timer for the event loop delay. Its default of 10 ms would wake an idle process all the time. */
const LAG_TIMER_MS = 60_000;
/**
 * These are removed, because they mean nothing with such a period. `nodejs_eventloop_lag_seconds` is measured at the
 * scrape.
 */
const LAG_FIGURES = ["min", "max", "mean", "stddev", "p50", "p90", "p99"];

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** Adds the duration of one health probe. */
  observeProbe(group: string, check: string, seconds: number): void;
  /** Removes the histograms of all other groups. */
  retainGroups(groups: ReadonlySet<string>): void;
}

/** @param sample returns the current samples of all metrics but the histogram. */
export function openMetrics(sample: () => readonly Sample[]): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_TIMER_MS });
  for (const figure of LAG_FIGURES) registry.removeSingleMetric(`nodejs_eventloop_lag_${figure}_seconds`);
  const names = Object.keys(METRICS) as MetricName[];
  const sampled = new Map(
    names
      .filter((name) => METRICS[name].type !== "histogram")
      .map((name) => [name, METRICS[name].type === "counter" ? counter(name) : gauge(name)]),
  );
  const probeDurations = new Histogram({
    ...described("check_probe_duration_seconds"),
    buckets: PROBE_BUCKETS_SECONDS,
  });
  /** The checks that were observed, by group. */
  const probed = new Map<string, Set<string>>();
  for (const metric of [...sampled.values(), probeDurations]) registry.registerMetric(metric);

  return {
    contentType: registry.contentType,
    text: () => {
      for (const metric of sampled.values()) {
        metric.reset();
        metric.remove({}); // a reset metric without labels is 0, but an unknown value has no sample
      }
      for (const { name, labels, value } of sample()) sampled.get(name)?.inc(labels, value);
      return registry.metrics();
    },
    observeProbe: (group, check, seconds) => {
      probeDurations.observe({ group, check }, seconds);
      probed.set(group, (probed.get(group) ?? new Set()).add(check));
    },
    retainGroups: (groups) => {
      for (const [group, checks] of probed) {
        if (groups.has(group)) continue;
        for (const check of checks) probeDurations.remove({ group, check });
        probed.delete(group);
      }
    },
  };
}

function gauge(name: MetricName): Gauge {
  return new Gauge(described(name));
}

function counter(name: MetricName): Counter {
  return new Counter(described(name));
}

function described(name: MetricName) {
  const { labels, help } = METRICS[name];
  return { name: `${METRIC_PREFIX}${name}`, help, labelNames: [...labels], registers: [] };
}
