/**
 * Who owned each VIP when, and whether that is right.
 *
 * - Never two owners. A machine owns a VIP while its kernel has the address. One whose container was killed or frozen does
 *   not count: its address ends with the lease, by the kernel, and the lease is the bound of that overlap.
 * - Never long no owner, while a machine could own the VIP: its container runs, what the VIP serves works, its address can
 *   be used, and its metadata tells no lie about it.
 */
import type { Machine } from "./machine.ts";

/** A start takes the longest: the agent's boot, 3 s of listening, and an election. */
const NO_OWNER_MS = 9_000;

export interface Violation {
  readonly kind: "two owners" | "no owner";
  readonly address: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly hosts: readonly string[];
}

export interface VerdictOptions {
  readonly machines: () => readonly Machine[];
  /** How long these machines may own a VIP at once. */
  readonly overlapMs: (owners: readonly Machine[]) => number;
  /** Whether the VIP is wanted, whatever version of the service's metadata a host has. */
  readonly isWanted: (address: string) => boolean;
  /** Since when the host can know what to do: its metadata says the truth about it, and it has read that. */
  readonly informedSinceMs: (machine: Machine) => number;
}

interface Course {
  readonly holders: Set<Machine>;
  /** Since when two machines own it. */
  doubleSinceMs: number | undefined;
  /** How long the last two may. */
  allowedMs: number;
  /** Since when none owns it, although one could. */
  missingSinceMs: number | undefined;
}

export class Verdict {
  violation: Violation | undefined;
  longestOverlapMs = 0;
  longestGapMs = 0;
  readonly #options: VerdictOptions;
  readonly #courses = new Map<string, Course>();

  constructor(options: VerdictOptions) {
    this.#options = options;
  }

  noteVip(machine: Machine, address: string, isHeld: boolean, nowMs: number): void {
    const course = this.#courses.get(address) ?? {
      holders: new Set<Machine>(),
      doubleSinceMs: undefined,
      allowedMs: 0,
      missingSinceMs: undefined,
    };
    this.#courses.set(address, course);
    if (isHeld) course.holders.add(machine);
    else course.holders.delete(machine);
    this.judge(nowMs);
  }

  /** To be called whenever something may have changed, and now and then. */
  judge(nowMs: number): void {
    for (const [address, course] of this.#courses) {
      this.#judgeOwners(address, course, nowMs);
      this.#judgeAbsence(address, course, nowMs);
    }
  }

  #judgeOwners(address: string, course: Course, nowMs: number): void {
    const owners = [...course.holders].filter(({ kernel }) => !kernel.isLapsing(address));
    const lastedMs = nowMs - (course.doubleSinceMs ?? nowMs);
    this.longestOverlapMs = Math.max(this.longestOverlapMs, lastedMs);
    if (owners.length >= 2) course.allowedMs = this.#options.overlapMs(owners);
    if (lastedMs > course.allowedMs) {
      const hosts = owners.map(({ name }) => name);
      this.#find({ kind: "two owners", address, fromMs: nowMs - lastedMs, toMs: nowMs, hosts });
    }
    course.doubleSinceMs = owners.length < 2 ? undefined : (course.doubleSinceMs ?? nowMs);
  }

  #judgeAbsence(address: string, course: Course, nowMs: number): void {
    const machines = this.#options.machines();
    const isOwned = [...course.holders].some(({ kernel }) => !kernel.isLapsing(address));
    const ableSinceMs = Math.min(
      ...machines.map((machine) => Math.max(machine.ableSinceMs, this.#options.informedSinceMs(machine))),
    );
    // the first VIP decides which host owns the others; one that a kernel refused is tried again, a minute later at most
    const isRefused = machines.some(({ kernel }) => kernel.hasRefused(address));
    if (isOwned || isRefused || ableSinceMs > nowMs || !this.#options.isWanted(address)) {
      course.missingSinceMs = undefined;
      return;
    }
    course.missingSinceMs ??= nowMs;
    const sinceMs = Math.max(course.missingSinceMs, ableSinceMs);
    this.longestGapMs = Math.max(this.longestGapMs, nowMs - sinceMs);
    if (nowMs - sinceMs <= NO_OWNER_MS) return;
    this.#find({ kind: "no owner", address, fromMs: sinceMs, toMs: nowMs, hosts: [] });
  }

  #find(violation: Violation): void {
    if (this.violation === undefined) this.violation = violation;
    else if (this.violation.kind === violation.kind && this.violation.fromMs === violation.fromMs)
      this.violation = violation;
  }
}
