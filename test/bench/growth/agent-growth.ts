/**
 * What one metadata version costs the built agent, with all that it asks for: in one host of the lab, as the image runs
 * it, its metadata from the stand-in service.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Agent } from "../../e2e/lab/agent.ts";
import type { Lab } from "../../e2e/lab/lab.ts";
import { setServiceMetadata } from "../../e2e/lab/metadata-changes.ts";
import { createBenchLab } from "../bench-lab.ts";
import { addCrowd, changeCrowd } from "../crowd.ts";
import { summarize } from "../statistics.ts";
import { PAIRS, SERIES, type Series, versionsPerSpan } from "./agent-series.ts";
import type { Cost, Growth } from "./growth.ts";

/** What a change of the size costs is over by then, ms. */
const SETTLE_MS = 5_000;
/** The last version of a span is read within this time. */
const LAST_READING_MS = 1_000;
/** The others of the environment, where they are not what grows. */
const CROWD = 50;

/** @param report is told of each size. */
export async function measureAgent(report: (line: string) => void): Promise<Growth[]> {
  const growths: Growth[] = [];
  for (const series of SERIES) growths.push(await measure(series, report));
  return growths;
}

async function measure(series: Series, report: (line: string) => void): Promise<Growth> {
  const { name, title, unknown, sizes, how, per } = series;
  const lab = await createBenchLab({ hosts: 1 });
  try {
    const agent = await start(lab, series);
    const rows: Row[] = [];
    for (const size of sizes) {
      lab.metadata.publish((document) => series.grow(document, size));
      await sleep(SETTLE_MS);
      const spans = await measureSpans(lab, agent, series, size);
      // a span without any reading says nothing: the machine was too busy
      rows.push({ size, spans: spans.filter(({ readings }) => readings > 0) });
      report(`${name} ${size}: ${JSON.stringify(spans)}`);
    }
    const countOf = ({ readings, seconds }: Span) => (per === "version" ? readings : seconds);
    const mean = (spans: readonly Span[], of: (span: Span) => number) =>
      sum(spans.map(of)) / sum(spans.map(countOf));
    const cost = (what: string, unit: string, of: (spans: readonly Span[]) => number): Cost => ({
      what: `${what} a ${per}`,
      unit,
      points: rows.map(({ size, spans }) => ({ size, value: of(spans) })),
    });
    const costs = [
      cost("CPU", "ms", (spans) => summarize(spans.map((span) => span.cpuMs / countOf(span))).median),
      cost("GETs", "", (spans) => mean(spans, ({ gets }) => gets)),
      cost("read", "KB", (spans) => mean(spans, ({ bytes }) => bytes / 1_000)),
      ...(per === "second" ? [cost("readings", "", (spans) => mean(spans, ({ readings }) => readings))] : []),
    ];
    return { name, title, unknown, how, costs };
  } finally {
    await lab.destroy();
  }
}

/** Some versions in a row. */
interface Span {
  /** Beyond that of the quiet span after it, which is as long. */
  readonly cpuMs: number;
  readonly gets: number;
  readonly bytes: number;
  readonly readings: number;
  readonly seconds: number;
}

interface Row {
  readonly size: number;
  readonly spans: readonly Span[];
}

async function start({ hosts: [host], metadata }: Lab, { grow, sizes }: Series): Promise<Agent> {
  metadata.publish((document) => {
    addCrowd(document, CROWD);
    grow(document, sizes[0]!);
  });
  const agent = await host!.startAgent({ VIRTUAL_IP: undefined, LOG_LEVEL: "debug" });
  metadata.publish((document) => {
    const [service] = document.stacks[0]!.services;
    if (Object.keys(service!.metadata).length === 0)
      setServiceMetadata(document, { virtual_ip: "10.0.0.100" });
  });
  await agent.awaitLog(({ msg }) => msg === "configuration applied", { timeoutMs: 60_000 });
  await sleep(SETTLE_MS);
  return agent;
}

/** Spans with and without versions take turns, because what the agent needs without any varies from minute to minute. */
async function measureSpans(lab: Lab, agent: Agent, series: Series, size: number): Promise<Span[]> {
  const spans: Span[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const [startMs, from] = [performance.now(), agent.logPosition];
    const busyMs = await cpuDuring(agent, () => publishSpan(lab, series, size));
    const spanMs = performance.now() - startMs;
    const answers = answersSince(agent, from);
    const quietMs = await cpuDuring(agent, () => sleep(spanMs));
    spans.push({
      cpuMs: busyMs - quietMs,
      gets: answers.length,
      bytes: sum(answers.map(({ bytes }) => bytes)),
      // each reading asks once who this host is
      readings: answers.filter(({ path }) => path === "self/host").length,
      seconds: spanMs / 1_000,
    });
  }
  return spans;
}

/**
 * A version counts from when the stand-in has loaded it, which takes long for a large environment on a busy machine. Each is
 * another one than all before.
 */
async function publishSpan({ metadata }: Lab, { per, versionMs }: Series, size: number): Promise<void> {
  const pauseMs = versionMs(size);
  const startMs = performance.now();
  for (let version = 1; version <= versionsPerSpan(pauseMs); version += 1) {
    await metadata.publishAndSee((document) => changeCrowd(document, Date.now()));
    const nextMs = per === "version" ? performance.now() + pauseMs : startMs + version * pauseMs;
    await sleep(Math.max(0, nextMs - performance.now()));
  }
  await sleep(LAST_READING_MS);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

async function cpuDuring(agent: Agent, run: () => Promise<void>): Promise<number> {
  const beforeMs = cpuMs(agent);
  await run();
  return cpuMs(agent) - beforeMs;
}

function answersSince({ container }: Agent, from: number) {
  return container.log.lines.slice(from).flatMap(({ text }) => {
    if (!text.includes('"metadata answered"')) return [];
    const { path, bytes } = JSON.parse(text) as { path: string; bytes: number };
    return [{ path, bytes }];
  });
}

/** Of the agent's own threads so far; its container's first process only waits for it. */
function cpuMs({ container }: Agent): number {
  const [child] = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, "utf8").split(" ");
  const tasks = `/proc/${Number(child)}/task`;
  const nanoseconds = readdirSync(tasks).map((task) =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, value) => sum + value, 0) / 1e6;
}
