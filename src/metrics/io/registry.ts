/** The metrics as Prometheus reads them, by prom-client; what they say is asked for at each scrape, and at no other time. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Sample } from "../samples.ts";
import { METRIC_PREFIX, METRICS, type MetricName } from "../table.ts";

/** Upper bounds, s: from the reading of a rule set to the longest CHECK_TIMEOUT that is of use. */
const LOOK_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** prom-client's timer for the delay of the event loop, ms: with its default, 10, it wakes an idle process all the time. */
const DELAY_TIMER_MS = 60_000;
/** Figures of that timer, which say nothing with such a period; `nodejs_eventloop_lag_seconds` is measured at the scrape. */
const DELAY_FIGURES = ["min", "max", "mean", "stddev", "p50", "p90", "p99"];

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  /** Takes in how long a look took, s. */
  observeProbe(group: string, check: string, seconds: number): void;
}

/** @param measure what all metrics but the histogram say now. */
export function openMetrics(measure: () => readonly Sample[]): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: DELAY_TIMER_MS });
  for (const figure of DELAY_FIGURES) registry.removeSingleMetric(`nodejs_eventloop_lag_${figure}_seconds`);
  const names = Object.keys(METRICS) as MetricName[];
  const measured = new Map(
    names
      .filter((name) => METRICS[name].type !== "histogram")
      .map((name) => [name, METRICS[name].type === "counter" ? counter(name) : gauge(name)]),
  );
  const looks = new Histogram({ ...described("check_look_duration_seconds"), buckets: LOOK_BUCKETS });
  for (const metric of [...measured.values(), looks]) registry.registerMetric(metric);

  return {
    contentType: registry.contentType,
    text: () => {
      for (const metric of measured.values()) {
        metric.reset();
        metric.remove({}); // a reset metric without labels is 0, but what is not known has no value
      }
      for (const { name, labels, value } of measure()) measured.get(name)?.inc(labels, value);
      return registry.metrics();
    },
    observeProbe: (group, check, seconds) => looks.observe({ group, check }, seconds),
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
