/** The course of a fault: what the client and the kernels of all hosts saw of it. */
import type { Host } from "../lab/host.ts";
import type { Lab } from "../lab/lab.ts";
import { beyondStalls } from "../lab/stall.ts";
import { until } from "../lab/until.ts";
import { pastStartup, settled, VIP } from "../scenario.ts";

/** Generous: the machine is shared. */
export const SOON_MS = 120_000;

/**
 * A crash at an advert interval of 0.2 s takes 0.65 s at most; this is what a busy machine makes of it. It bounds both the
 * time without an owner and that with two: an owner that does not know of its end has the VIP until it is missed.
 */
export const CRASH_MS = 3_000;

/** Times are those beyond the machine's own stalls. */
export interface Course {
  /** Who had the VIP before. */
  readonly owner: Host;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** How long no host had the VIP, at worst, ms. */
  readonly gapMs: number;
  /** How long two hosts had it, at worst, ms. */
  readonly doubleMs: number;
  /** How long the client got no answer, at worst, ms. */
  readonly silenceMs: number;
  /** How often a host took it. */
  readonly transitions: number;
}

/**
 * Harms a lab with a backup that is ready, waits until one owner is backed up again, and tells the course. `harm` gets the owner, and may end before the
 * fault's consequences have.
 */
export async function courseOf(
  lab: Lab,
  fault: string,
  harm: (owner: Host) => Promise<unknown>,
): Promise<Course> {
  const owner = await ready(lab);
  const prober = lab.probe(VIP);
  await prober.awaitAnswer(owner.name, { timeoutMs: SOON_MS });
  const sinceMs = Date.now();
  await harm(owner);
  // all may look settled before the fault takes effect: the one that answers then is another host
  await until(
    async () =>
      (await settled(lab)).name === (await prober.awaitAnswer(undefined, { timeoutMs: SOON_MS })).by,
    SOON_MS,
    "the owner answers",
  );
  const report = await prober.stop({ sinceMs });
  const owners = ownersSince(lab, sinceMs);
  const course = { owner, sinceMs, silenceMs: report.longestSilenceMs, ...owners };
  tell(fault, course, report.longestPauseMs);
  return {
    ...course,
    silenceMs: beyondStalls(course.silenceMs, report),
    gapMs: beyondStalls(course.gapMs, report),
    doubleMs: beyondStalls(course.doubleMs, report),
  };
}

/** Settled, and the keepalived of one backup at least could take the VIP at once. */
export async function ready(lab: Lab, hosts: readonly Host[] = lab.hosts): Promise<Host> {
  const owner = await settled(lab, hosts);
  await pastStartup(
    hosts.filter((host) => host !== owner),
    1,
  );
  return settled(lab, hosts);
}

/** What the kernels saw since a time. */
export function ownersSince(lab: Lab, sinceMs: number) {
  return {
    gapMs: lab.ownership.vacancy(VIP, sinceMs),
    doubleMs: lab.ownership.doubleOwnership(VIP, sinceMs),
    transitions: lab.ownership.transitions(VIP, sinceMs),
  };
}

function tell(fault: string, course: Course, stallMs: number): void {
  const { gapMs, doubleMs, silenceMs, transitions } = course;
  const figures = [
    `no owner ${gapMs.toFixed(0)} ms`,
    `two owners ${doubleMs.toFixed(0)} ms`,
    `client silent ${silenceMs.toFixed(0)} ms`,
    `${transitions} transitions`,
    `stalls ${stallMs.toFixed(0)} ms`,
  ];
  process.stdout.write(`measured: ${fault}: ${figures.join(", ")}\n`);
}
