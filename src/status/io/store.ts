/**
 * Holds the status of the agent. Each change is published once. A problem is logged when it appears, changes or ends, but
 * not at each retry.
 */

import type { Logger } from "pino";
import { NO_DRAIN } from "../../drain/orders.ts";
import { AgentError, describeError } from "../../errors.ts";
import { LEASE_OFF } from "../../lease/status.ts";
import { OWNER_PROBE_OFF } from "../../owner-probe/status.ts";
import type { HeardOwner } from "../../split-brain/heard-owners.ts";
import type { Report } from "../../system/report.ts";
import { type GroupStatus, type Hearings, withOwners } from "../owner.ts";
import type { Part, Status, StatusProblem } from "../status.ts";

export interface StatusStore {
  /** Replaces these fields, and publishes the status if that changes it. */
  update(change: Partial<Status>): void;
  /** The report of one part: its problems become part of the status. */
  reportOf(part: Part): Report;
  /** Calls the listener with each later status, in their order. */
  subscribe(listener: (status: Status) => void): void;
  /**
   * Sets the function that tells what is heard of the owners. It is called for each reading of the status. Publishes
   * the status if an owner changed.
   */
  setHearings(read: () => ReadonlyMap<string, HeardOwner>, listensOn: Hearings["listensOn"]): void;
  /** The status of this moment, with the latest time at which each owner was heard. */
  readonly status: Status;
}

export function createStatusStore(options: {
  readonly version: string;
  readonly pid: number;
  readonly stateDir: string;
  readonly log: Logger;
  readonly publish: (status: Status) => void;
}): StatusStore {
  const problems = new Map<Part, readonly StatusProblem[]>();
  const listeners = [options.publish];
  let published = "";
  const unpublished: Status[] = [];
  let isPublishing = false;
  let readHearings = (): Hearings => ({ hearings: new Map(), listensOn: () => false });
  let status: Status = {
    agent: {
      version: options.version,
      pid: options.pid,
      startedAt: new Date().toISOString(),
      stateDir: options.stateDir,
    },
    host: undefined,
    service: undefined,
    metadata: { source: "none", version: undefined, readAt: undefined },
    keepalived: { isRunning: false, pid: undefined },
    scheduling: { phase: "waiting" },
    configuration: { appliedAt: undefined, appliedCount: 0, rejected: undefined, lastReload: undefined },
    members: [],
    drain: NO_DRAIN,
    health: [],
    gate: { phase: "waiting" },
    instances: [],
    vipLease: LEASE_OFF,
    ownerProbe: OWNER_PROBE_OFF,
    contradictions: [],
    splitBrain: [],
    lastEvent: undefined,
    problems: [],
  };
  const update = (change: Partial<Status>) => {
    status = { ...status, ...change, problems: [...problems.values()].flat() };
    const current = currentStatus();
    const text = JSON.stringify({ ...current, instances: current.instances.map(withoutHeardAt) });
    if (text === published) return;
    published = text;
    unpublished.push(current);
    publishAll();
  };
  /** A listener may update the status. What follows from that comes after, so that each listener gets all in order. */
  const publishAll = () => {
    if (isPublishing) return;
    isPublishing = true;
    try {
      for (let next = unpublished.shift(); next !== undefined; next = unpublished.shift())
        for (const listener of listeners) listener(next);
    } finally {
      isPublishing = false;
    }
  };
  const currentStatus = (): Status => ({
    ...status,
    instances: withOwners(status.instances, readHearings(), status),
  });
  update({});
  const setProblems = (part: Part, causes: readonly unknown[]) => {
    const before = problems.get(part) ?? [];
    const now = causes.map((cause) => {
      const problem = describe(part, cause);
      const known = before.find(({ message }) => message === problem.message);
      if (known === undefined) logProblem(problem, cause);
      return known ?? problem;
    });
    if (now.length === before.length && now.every((problem) => before.includes(problem))) return;
    if (now.length > 0) problems.set(part, now);
    else {
      problems.delete(part);
      options.log.info({ part }, "problem ended");
    }
    update({});
  };
  const logProblem = ({ part, code, message, hint }: StatusProblem, cause: unknown) => {
    const level = part === "advice" ? "warn" : "error";
    options.log[level]({ part, code, reason: message, hint }, "problem found");
    options.log.debug({ part, err: cause }, "problem cause");
  };
  return {
    update,
    reportOf: (part) => ({
      problem: (error) => setProblems(part, [error]),
      problems: (errors) => setProblems(part, errors),
      ok: () => setProblems(part, []),
    }),
    subscribe: (listener) => void listeners.push(listener),
    setHearings: (read, listensOn) => {
      readHearings = () => ({ hearings: read(), listensOn });
      update({});
    },
    get status() {
      return currentStatus();
    },
  };
}

/** An owner that is heard again is no news. */
function withoutHeardAt({ owner, ...instance }: GroupStatus): GroupStatus {
  return owner === undefined ? instance : { ...instance, owner: { ...owner, heardAt: undefined } };
}

function describe(part: Part, problem: unknown): StatusProblem {
  const since = new Date().toISOString();
  const message = describeError(problem);
  return problem instanceof AgentError
    ? { part, code: problem.code, message, hint: problem.hint, since }
    : { part, code: undefined, message, hint: undefined, since };
}
