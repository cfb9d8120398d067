/** Beside the agent: bare Node with a small script, as what is least with Node; and keepalived alone, which needs none. */

import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "../../e2e/lab/container.ts";
import { guardExit } from "../../e2e/lab/exit-guard.ts";
import type { Host } from "../../e2e/lab/host.ts";
import { IMAGE_ENV, imageProgram } from "../../e2e/lab/image-program.ts";
import type { Lab } from "../../e2e/lab/lab.ts";
import { BUILT_PROGRAM } from "../../e2e/lab/metadata.ts";
import { createBenchLab } from "../bench-lab.ts";
import { addCrowd, changeCrowd } from "../crowd.ts";
import type { Figure, Measurement, Plan, Session } from "../figure.ts";
import { type MemoryShare, memoryBelow, memoryOf } from "../processes.ts";
import { agentWay, baselineWay } from "../way.ts";

const OTHER_CONTAINERS = 300;
const CHANGE_MS = 500;
const SAMPLE_MS = 5_000;
/** A note: what is still added after the first half of the time, MiB. */
const GROWTH = "growth in the second half";
const SMALL_SCRIPT = "setInterval(() => process.memoryUsage.rss(), 1_000);";

/** One contender: what its host runs, and whose memory counts. `node` is a copy of Node's binary that nobody shares. */
interface Start {
  program(node: string): readonly string[];
  start(host: Host, node: string): Promise<Container>;
  read(container: Container): MemoryShare;
}

const BARE_NODE: Start = {
  program: () => BUILT_PROGRAM,
  start: (host, node) => host.startContainer([node, "-e", SMALL_SCRIPT]),
  read: readNode,
};
const BASELINE: Start = {
  program: () => BUILT_PROGRAM,
  start: (host) => baselineWay().start(host),
  read: ({ pid }) => memoryBelow(pid),
};
const AGENT = startAgent(imageProgram, {});
/** undefined removes what {@link agentWay} sets as the image does. */
const PLAIN_AGENT = startAgent(
  (node) => [node, BUILT_PROGRAM[1]!],
  Object.fromEntries([...Object.keys(IMAGE_ENV), "NODE_COMPILE_CACHE"].map((name) => [name, undefined])),
);

export const MEMORY: Figure = {
  name: "memory",
  title: "Memory of the agent process (PSS)",
  unit: "MiB",
  how: `One host each; metadata of ${OTHER_CONTAINERS} other containers changes twice a second. Proportional set size of the agent's Node process, from /proc, at the end; each Node runs from a copy of the binary that no other process shares, so that all of its file pages count. Of the baseline: all processes of the container.`,
  contenders: [
    {
      name: "agent",
      open: (plan) => open(AGENT, plan),
      target: { atMost: 54, notes: { [GROWTH]: 2 } },
      maxRounds: 1,
    },
    { name: "agent, V8's defaults", open: (plan) => open(PLAIN_AGENT, plan), maxRounds: 1 },
    { name: "bare Node", open: (plan) => open(BARE_NODE, plan), maxRounds: 1 },
    { name: "baseline", open: (plan) => open(BASELINE, plan), maxRounds: 1 },
  ],
  isAtOnce: true,
  isLasting: true,
};

function startAgent(program: Start["program"], env: Readonly<Record<string, string | undefined>>): Start {
  const start = async (host: Host) => {
    const container = await agentWay(env).start(host);
    const isUp = (line: string) => (line.includes('"configuration applied"') ? true : undefined);
    await container.log.first(isUp, { timeoutMs: 60_000 });
    return container;
  };
  return { program, start, read: readNode };
}

/** The container's init has one child. */
function readNode({ pid }: Container): MemoryShare {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  return memoryOf(Number(child));
}

async function open({ program, start, read }: Start, { memoryMinutes }: Plan): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), "memory-bench-"));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  const releaseExit = guardExit(removeFolder);
  let lab: Lab | undefined;
  const close = async () => {
    await lab?.destroy();
    releaseExit();
    removeFolder();
  };
  try {
    const node = join(folder, "node");
    copyFileSync(BUILT_PROGRAM[0]!, node);
    lab = await createBenchLab({ hosts: 1, program: program(node) });
    const { metadata } = lab;
    metadata.publish((document) => addCrowd(document, OTHER_CONTAINERS));
    const container = await start(lab.host("h1"), node);
    return { measure: () => follow(metadata, () => read(container), memoryMinutes), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function follow(
  metadata: Lab["metadata"],
  read: () => MemoryShare,
  minutes: number,
): Promise<Measurement> {
  const startMs = performance.now();
  const series: [number, number][] = [];
  let nextSampleMs = startMs;
  for (let change = 0; performance.now() < startMs + minutes * 60_000; change += 1) {
    metadata.publish((document) => changeCrowd(document, change));
    if (performance.now() >= nextSampleMs) {
      series.push([(performance.now() - startMs) / 60_000, read().pss]);
      nextSampleMs += SAMPLE_MS;
    }
    await sleep(CHANGE_MS);
  }
  const { pss, anonymous, rss } = read();
  const half = series.slice(Math.floor(series.length / 2)).map(([, value]) => value);
  const notes = {
    rss,
    anonymous,
    highest: Math.max(pss, ...series.map(([, value]) => value)),
    [GROWTH]: pss - half[0]!,
  };
  return { value: pss, notes, series };
}
