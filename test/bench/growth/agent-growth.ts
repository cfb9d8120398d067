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
import { SERIES, type Series, VERSIONS } from "./agent-series.ts";
import type { Cost, Growth } from "./growth.ts";

/** What a change of the size costs is over by then, ms. */
const SETTLE_MS = 5_000;
const QUIET_MS = 5_000;
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
    const idle = await idleShare(agent);
    const rows: Row[] = [];
    for (const size of sizes) {
      lab.metadata.publish((document) => series.grow(document, size));
      await sleep(SETTLE_MS);
      const spent = await measureSize(lab, agent, series.versionMs(size), idle);
      const count = per === "version" ? spent.readings : spent.seconds;
      rows.push({ size, spent, count });
      report(`${name} ${size}: ${JSON.stringify(spent)}`);
    }
    const cost = (what: string, unit: string, of: (spent: Spent) => number): Cost => ({
      what: `${what} a ${per}`,
      unit,
      points: rows.map(({ size, spent, count }) => ({ size, value: of(spent) / count })),
    });
    const costs = [
      cost("CPU", "ms", ({ cpuMs }) => cpuMs),
      cost("GETs", "", ({ gets }) => gets),
      cost("read", "KB", ({ bytes }) => bytes / 1_000),
      ...(per === "second" ? [cost("readings", "", ({ readings }) => readings)] : []),
    ];
    return { name, title, unknown, how, costs };
  } finally {
    await lab.destroy();
  }
}

/** In all, beyond what the agent needs while nothing changes. */
interface Spent {
  readonly cpuMs: number;
  readonly gets: number;
  readonly bytes: number;
  readonly readings: number;
  readonly seconds: number;
}

interface Row {
  readonly size: number;
  readonly spent: Spent;
  readonly count: number;
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

/** CPU time that the agent needs while nothing changes, ms a second. */
async function idleShare(agent: Agent): Promise<number> {
  const [startMs, beforeMs] = [performance.now(), cpuMs(agent)];
  await sleep(QUIET_MS);
  return (1_000 * (cpuMs(agent) - beforeMs)) / (performance.now() - startMs);
}

async function measureSize(lab: Lab, agent: Agent, versionMs: number, idle: number): Promise<Spent> {
  const [startMs, beforeMs, from] = [performance.now(), cpuMs(agent), agent.logPosition];
  for (let version = 1; version <= VERSIONS; version += 1) {
    lab.metadata.publish((document) => changeCrowd(document, version));
    await sleep(Math.max(0, startMs + version * versionMs - performance.now()));
  }
  // the last one's reading
  await sleep(1_000);
  const seconds = (performance.now() - startMs) / 1_000;
  const answers = answersSince(agent, from);
  return {
    cpuMs: cpuMs(agent) - beforeMs - idle * seconds,
    gets: answers.length,
    bytes: answers.reduce((sum, { bytes }) => sum + bytes, 0),
    // each reading asks once who this host is
    readings: answers.filter(({ path }) => path === "self/host").length,
    seconds,
  };
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
