import { expect, it } from "vitest";
import { openMetrics } from "../../../src/metrics/io/registry.ts";
import { deriveSamples, type Sample } from "../../../src/metrics/samples.ts";
import { METRIC_PREFIX, METRICS } from "../../../src/metrics/table.ts";
import { WELL } from "../../fixtures/status.ts";

const SAMPLES = deriveSamples({
  status: WELL,
  counts: { transitions: [{ group: "main", state: "MASTER", count: 3 }], rejections: 0, exits: 0 },
  epochSeconds: (time) => Date.parse(time) / 1_000,
});

function linesOf(text: string, name: string): string[] {
  return text.split("\n").filter((line) => line.startsWith(`${METRIC_PREFIX}${name}`));
}

it("has every metric of the table with its type, help and current samples", async () => {
  const metrics = openMetrics(() => SAMPLES);
  metrics.observeProbe("main", "ports", 0.02);
  const text = await metrics.text();

  for (const [name, { type, help }] of Object.entries(METRICS)) {
    expect(text).toContain(
      `# HELP ${METRIC_PREFIX}${name} ${help}\n# TYPE ${METRIC_PREFIX}${name} ${type}\n`,
    );
  }
  expect(linesOf(text, "transitions_total")).toEqual([
    'rancher_keepalived_transitions_total{group="main",state="MASTER"} 3',
    'rancher_keepalived_transitions_total{group="main",state="BACKUP"} 0',
    'rancher_keepalived_transitions_total{group="main",state="FAULT"} 0',
  ]);
  expect(linesOf(text, "check_probe_duration_seconds_count")).toEqual([
    'rancher_keepalived_check_probe_duration_seconds_count{group="main",check="ports"} 1',
  ]);
  expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
});

it("drops samples that are gone at the next scrape, and does not add counters up", async () => {
  let samples: readonly Sample[] = SAMPLES;
  const metrics = openMetrics(() => samples);
  await metrics.text();
  const again = await metrics.text();
  samples = [];
  const nothing = await metrics.text();

  expect(linesOf(again, "transitions_total")).toEqual([
    'rancher_keepalived_transitions_total{group="main",state="MASTER"} 3',
    'rancher_keepalived_transitions_total{group="main",state="BACKUP"} 0',
    'rancher_keepalived_transitions_total{group="main",state="FAULT"} 0',
  ]);
  expect(nothing.split("\n").filter((line) => line.startsWith(METRIC_PREFIX))).toEqual([]);
});

it("keeps no histogram of a group that is gone, after 254 groups were renamed 30 times", async () => {
  const metrics = openMetrics(() => []);
  for (let round = 0; round < 30; round += 1) {
    const names = Array.from({ length: 254 }, (_, index) => `group-${index}-${round}`);
    for (const name of names) metrics.observeProbe(name, "ports", 0.01);
    metrics.retainGroups(new Set(names));
  }
  const groups = linesOf(await metrics.text(), "check_probe_duration_seconds_count");

  expect(groups).toHaveLength(254);
  expect(groups.every((line) => line.includes("-29"))).toBe(true);
});

it("escapes a group name from metadata", async () => {
  const sample: Sample = { name: "priority", labels: { group: 'a"}\n\\' }, value: 1 };
  const text = await openMetrics(() => [sample]).text();

  expect(linesOf(text, "priority")).toEqual(['rancher_keepalived_priority{group="a\\"}\\n\\\\"} 1']);
});

it("has the usual process metrics, and of the event loop only the one measured at the scrape", async () => {
  const text = await openMetrics(() => []).text();

  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  expect(text).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
  expect(text).toMatch(/^process_open_fds \d+$/m);
  expect(text.match(/^nodejs_eventloop_lag\w*/gm)).toEqual(["nodejs_eventloop_lag_seconds"]);
});

it("takes a few milliseconds per scrape", async () => {
  const metrics = openMetrics(() => SAMPLES);
  await metrics.text();
  const before = process.cpuUsage();
  for (let count = 0; count < 101; count += 1) await metrics.text();
  const { user, system } = process.cpuUsage(before);
  const meanMs = (user + system) / 1_000 / 101;
  process.stdout.write(`measured: a scrape takes ${meanMs.toFixed(2)} ms of CPU\n`);

  // CPU, as the machine is shared
  expect(meanMs).toBeLessThan(50);
});
