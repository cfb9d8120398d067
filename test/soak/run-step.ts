/** One step: its faults come and go, all gets well again, and what it cost is measured. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../e2e/lab/host.ts";
import type { Allowance, Fault } from "./fault.ts";
import type { Fleet } from "./fleet.ts";
import type { PlannedFault, Step } from "./plan.ts";
import { type Effect, together } from "./verdict.ts";

/** By then a metadata client that failed has tried again, and a keepalived that was started has listened. */
const WELL_AGAIN_MS = 90_000;
/** keepalived takes no VIP for 3 s after its start, and whoever is struck then may leave nobody. */
const LISTENING_MS = 4_500;
const LOOK_MS = 100;

/** A fault that came and went. */
export interface Struck {
  readonly fault: Fault;
  readonly host: Host;
  readonly isOwner: boolean;
  /** Milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Outcome {
  readonly step: Step;
  readonly fromMs: number;
  readonly struck: readonly Struck[];
  readonly effect: Effect;
  readonly allowance: Allowance;
  /** What was still wrong at the end of the time; none where all got well. */
  readonly troubles: readonly string[];
}

export interface StepOptions {
  readonly fleet: Fleet;
  /** Its agent is to grow old: no fault may end it. */
  readonly spared: Host;
  readonly signal: AbortSignal;
  readonly takeStallMs: () => number;
  readonly onNote: (note: string) => void;
}

/** @throws {Error} where a fault cannot be made or undone, and when the signal aborts. */
export async function runStep(step: Step, options: StepOptions): Promise<Outcome> {
  const { fleet, signal, takeStallMs } = options;
  const fromMs = Date.now();
  takeStallMs();
  const taken: Host[] = [];
  const settled = await Promise.allSettled(step.faults.map((planned) => runFault(planned, taken, options)));
  const failed = settled.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const struck = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));

  const troubles = await awaitWell(fleet, signal);
  await sleep(LISTENING_MS, undefined, { signal });
  const { longestSilenceMs, longestPauseMs } = fleet.prober.report({ sinceMs: fromMs });
  const effect = {
    gapMs: longestSilenceMs,
    overlapMs: fleet.lab.ownership.doubleOwnership(fleet.vip, fromMs),
    moves: fleet.lab.ownership.transitions(fleet.vip, fromMs),
    stallMs: Math.max(longestPauseMs, takeStallMs()),
  };
  return { step, fromMs, struck, effect, allowance: allowanceOf(struck), troubles };
}

async function runFault(planned: PlannedFault, taken: Host[], options: StepOptions): Promise<Struck> {
  const { fleet, signal, onNote } = options;
  const { fault, offsetMs, durationMs } = planned;
  await sleep(offsetMs, undefined, { signal });
  const host = choose(planned, taken, options);
  taken.push(host);
  const isOwner = fleet.owner === host;
  const fromMs = Date.now();
  onNote(`${fault.name} strikes ${host.name}${isOwner ? " (owner)" : ""} for ${durationMs} ms`);
  const undo = await fault.strike({ fleet, host, durationMs });
  await sleep(Math.max(0, fromMs + durationMs - Date.now()), undefined, { signal });
  await undo();
  onNote(`${fault.name} on ${host.name} is over`);
  return { fault, host, isOwner, fromMs, toMs: Date.now() };
}

/** Two hosts at most are struck in a step, so that of three one at least has nothing done to it. */
function choose(
  { fault, target, pick }: PlannedFault,
  taken: readonly Host[],
  { fleet, spared }: StepOptions,
): Host {
  const { owner, lab } = fleet;
  const mayBe = (host: Host): boolean => !(fault.endsAgent && host === spared);
  const isFree = (host: Host): boolean => mayBe(host) && !taken.includes(host);
  const [first] = taken;
  if (target === "same" && first !== undefined && mayBe(first)) return first;
  if (owner !== undefined && ((target === "owner" && isFree(owner)) || fault.needsOwner)) return owner;
  const free = lab.hosts.filter((host) => isFree(host) && host !== owner);
  const chosen = free[Math.floor(pick * free.length)];
  if (chosen === undefined) throw new Error(`no host is left for ${fault.name}`);
  return chosen;
}

/** A host that was no owner when it was struck may have become one while the other fault was there. */
function allowanceOf(struck: readonly Struck[]): Allowance {
  const isPair = struck.length > 1;
  return together(
    struck.map(({ fault, host, isOwner, fromMs, toMs }) =>
      fault.allowance({
        durationMs: toMs - fromMs,
        isOwner: isOwner || isPair,
        hasCompany: struck.some((other) => other.fault !== fault && other.host === host),
      }),
    ),
  );
}

/** @returns what is still wrong after {@link WELL_AGAIN_MS}; none as soon as nothing is. */
export async function awaitWell(fleet: Fleet, signal: AbortSignal): Promise<string[]> {
  const deadline = performance.now() + WELL_AGAIN_MS;
  for (;;) {
    const troubles = fleet.troubles();
    if (troubles.length === 0 || performance.now() > deadline) return troubles;
    await sleep(LOOK_MS, undefined, { signal });
  }
}
