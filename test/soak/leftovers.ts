/** What a fault may leave behind: processes and descriptors beyond what the hosts had when they were well at first. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../e2e/lab/host.ts";
import { agentPid, descriptorsOf, keepalivedPids, processesOf } from "./processes.ts";

const SAMPLES = 30;
const SAMPLE_GAP_MS = 150;
/** Of the agent: a connection to metadata, a look of a check. */
const SPARE_DESCRIPTORS = 4;
/** A process that is about to end, a connection that is about to be closed. */
const PATIENCE_MS = 30_000;

interface Inventory {
  /** How many processes of each name. */
  readonly processes: ReadonlyMap<string, number>;
  /** Open descriptors of agent, keepalived and its child. */
  readonly descriptors: ReadonlyMap<string, number>;
}

interface Range {
  readonly least: number;
  readonly most: number;
}

export interface Baseline {
  readonly processes: ReadonlyMap<string, Range>;
  readonly descriptors: ReadonlyMap<string, Range>;
}

/** What the host has while it is well, short-lived processes of its checks included. */
export async function baselineOf(host: Host): Promise<Baseline> {
  const samples: Inventory[] = [];
  while (samples.length < SAMPLES) {
    samples.push(takeInventory(host));
    await sleep(SAMPLE_GAP_MS);
  }
  return {
    processes: rangesOf(samples.map(({ processes }) => processes)),
    descriptors: rangesOf(samples.map(({ descriptors }) => descriptors)),
  };
}

/** Gives what should not be there, or is missing, time to change; then one sentence each. */
export async function leftovers(
  host: Host,
  baseline: Baseline,
): Promise<{ readonly processes: string[]; readonly descriptors: string[] }> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = compare(host.name, takeInventory(host), baseline);
    if (found.processes.length + found.descriptors.length === 0 || performance.now() > deadline) return found;
    await sleep(SAMPLE_GAP_MS);
  }
}

function compare(name: string, { processes, descriptors }: Inventory, baseline: Baseline) {
  return {
    processes: strays(processes, baseline.processes, 0).map((text) => `${name}: processes: ${text}`),
    descriptors: strays(descriptors, baseline.descriptors, SPARE_DESCRIPTORS).map(
      (text) => `${name}: descriptors: ${text}`,
    ),
  };
}

function strays(
  counts: ReadonlyMap<string, number>,
  ranges: ReadonlyMap<string, Range>,
  spare: number,
): string[] {
  return [...new Set([...counts.keys(), ...ranges.keys()])].flatMap((key) => {
    const count = counts.get(key) ?? 0;
    const { least, most } = ranges.get(key) ?? { least: 0, most: 0 };
    if (count >= least - spare && count <= most + spare) return [];
    return [`${count} of ${key}, ${least === most ? least : `${least}-${most}`} at first`];
  });
}

function takeInventory(host: Host): Inventory {
  const list = processesOf(host);
  const processes = new Map<string, number>();
  for (const { name } of list) processes.set(name, (processes.get(name) ?? 0) + 1);
  const { parent, child } = keepalivedPids(list);
  const watched = { agent: agentPid(list), keepalived: parent, "keepalived's child": child };
  const descriptors = new Map<string, number>();
  for (const [key, pid] of Object.entries(watched)) {
    descriptors.set(key, pid === undefined ? 0 : (descriptorsOf(pid) ?? 0));
  }
  return { processes, descriptors };
}

function rangesOf(samples: readonly ReadonlyMap<string, number>[]): Map<string, Range> {
  const keys = new Set(samples.flatMap((sample) => [...sample.keys()]));
  return new Map(
    [...keys].map((key) => {
      const counts = samples.map((sample) => sample.get(key) ?? 0);
      return [key, { least: Math.min(...counts), most: Math.max(...counts) }];
    }),
  );
}
