/**
 * The one place where the agent's parts say how they are: the Status that is published, and one log line when a
 * problem appears, changes or ends (not one a retry).
 */
import type { Logger } from "pino";
import { NO_DRAIN } from "../core/drain.ts";
import { AgentError, describeError } from "../core/errors.ts";
import type { Part, Status, StatusProblem } from "../core/status.ts";

export interface Board {
  /** Publishes the status with these parts replaced, where that makes another one. */
  update(change: Partial<Status>): void;
  /** Records what is wrong with a part, in place of what was wrong before. */
  raise(part: Part, problem: unknown): void;
  /** The part is well. */
  clear(part: Part): void;
  readonly status: Status;
}

export function createBoard(options: {
  readonly version: string;
  readonly pid: number;
  readonly stateDir: string;
  readonly log: Logger;
  readonly publish: (status: Status) => void;
}): Board {
  const problems = new Map<Part, StatusProblem>();
  let published = "";
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
    configuration: { appliedAt: undefined, appliedCount: 0, rejected: undefined, lastReload: undefined },
    members: [],
    drain: NO_DRAIN,
    health: [],
    instances: [],
    contradictions: [],
    lastEvent: undefined,
    problems: [],
  };
  const update = (change: Partial<Status>) => {
    status = { ...status, ...change, problems: [...problems.values()] };
    const text = JSON.stringify(status);
    if (text === published) return;
    published = text;
    options.publish(status);
  };
  update({});
  return {
    update,
    raise: (part, problem) => {
      const before = problems.get(part);
      const now = describe(part, problem);
      if (before?.message === now.message) return;
      problems.set(part, now);
      const level = part === "advice" ? "warn" : "error";
      options.log[level]({ part, code: now.code, reason: now.message, hint: now.hint }, "problem found");
      options.log.debug({ part, err: problem }, "problem cause");
      update({});
    },
    clear: (part) => {
      if (!problems.delete(part)) return;
      options.log.info({ part }, "problem ended");
      update({});
    },
    get status() {
      return status;
    },
  };
}

function describe(part: Part, problem: unknown): StatusProblem {
  const since = new Date().toISOString();
  const message = describeError(problem);
  return problem instanceof AgentError
    ? { part, code: problem.code, message, hint: problem.hint, since }
    : { part, code: undefined, message, hint: undefined, since };
}
