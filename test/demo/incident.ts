/** One disturbance: what is done, what the client measured, and the return to normal. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../e2e/lab/host.ts";
import type { Prober } from "../e2e/lab/prober.ts";
import type { Cluster } from "./cluster.ts";
import type { Way } from "./ways.ts";

export const PROBE_INTERVAL_MS = 5;
/** A question of the client without an answer for so long is lost. */
export const PROBE_TIMEOUT_MS = 500;
/** From the harm to its end. */
const HARM_MS = 4_000;
const TAKEOVER_TIMEOUT_MS = 15_000;
const RETURN_TIMEOUT_MS = 30_000;

export interface Stage {
  readonly cluster: Cluster;
  readonly prober: Prober;
  readonly signal: AbortSignal;
}

export interface Outcome {
  readonly way: Way;
  /** Milliseconds since the epoch. */
  readonly harmedAtMs: number;
  /** Names of the hosts that had the VIP. */
  readonly before: string;
  readonly after: string;
  /** The longest time that the client had to do without an answer; 0 where it lost no question. */
  readonly silenceMs: number;
  /** Questions that were not answered. */
  readonly lost: number;
}

export interface Return {
  readonly host: string;
  readonly durationMs: number;
  /** Questions that were not answered since the takeover. */
  readonly lost: number;
  /** For how long two hosts had the VIP, at worst. */
  readonly overlapMs: number;
}

/** The owner is harmed. Resolves once another host serves the client, and `bringBack` ends the harm. */
export async function harmOwner(
  stage: Stage,
  way: Way,
): Promise<{ readonly outcome: Outcome; readonly bringBack: () => Promise<Return> }> {
  const { cluster, prober, signal } = stage;
  const owner = await well(cluster);
  const harmedAtMs = Date.now();
  cluster.record(owner, way.name);
  const undo = await way.harm(cluster, owner);
  const heir = await cluster.until(
    () => cluster.heirSince(harmedAtMs),
    TAKEOVER_TIMEOUT_MS,
    `a host takes over from ${owner.name}`,
  );
  await prober.awaitAnswer(heir.name);
  const outcome = await measure(stage, { way, harmedAtMs, before: owner.name });
  const measuredAtMs = Date.now();
  const bringBack = async (): Promise<Return> => {
    await rest(harmedAtMs, signal);
    await undo();
    await well(cluster);
    const durationMs = Date.now() - harmedAtMs;
    await settleFates(signal);
    const { lost } = prober.report({ sinceMs: measuredAtMs });
    const overlapMs = cluster.lab.ownership.doubleOwnership(cluster.vip, harmedAtMs);
    return { host: owner.name, durationMs, lost, overlapMs };
  };
  return { outcome, bringBack };
}

/** Something is done around the owner, and undone. Resolves when all is as before. */
export async function disturbService(stage: Stage, way: Way): Promise<Outcome> {
  const { cluster, signal } = stage;
  const { name: before } = await well(cluster);
  const harmedAtMs = Date.now();
  const undo = await way.harm(cluster, cluster.lab.host(before));
  await rest(harmedAtMs, signal);
  await undo();
  await well(cluster);
  return measure(stage, { way, harmedAtMs, before });
}

/** Resolves with the owner once everything is as it should be. */
async function well(cluster: Cluster): Promise<Host> {
  return cluster.until(
    () => (cluster.isWell ? cluster.owner : undefined),
    RETURN_TIMEOUT_MS,
    "every agent is well",
  );
}

async function rest(harmedAtMs: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, harmedAtMs + HARM_MS - Date.now()), undefined, { signal });
}

/** Resolves when it is known of every question asked until now whether it was answered. */
async function settleFates(signal: AbortSignal): Promise<void> {
  await sleep(PROBE_TIMEOUT_MS + 100, undefined, { signal });
}

async function measure(
  { cluster, prober, signal }: Stage,
  harm: Pick<Outcome, "way" | "harmedAtMs" | "before">,
): Promise<Outcome> {
  await settleFates(signal);
  const { lost, longestSilenceMs, turns } = prober.report({ sinceMs: harm.harmedAtMs });
  const after = turns.at(-1)?.host ?? cluster.owner?.name ?? "nobody";
  return { ...harm, after, lost, silenceMs: longestSilenceMs };
}
