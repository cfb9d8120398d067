/** CHECK_TARGET: what is known of the targets behind the published ports, as the outcome of one probe. */
import { printableLine } from "../text/escape.ts";
import type { ProbeOutcome } from "./probe-outcome.ts";
import type { PathFault } from "./target-path.ts";

/** The target of one port. `to` is its address and port. */
export type TargetFinding = { readonly port: string } & (
  | { readonly phase: "accepts" | "reachable"; readonly to: string }
  /**
   * It has accepted no connection of this agent. Perhaps it accepts none from this host, so the host does not count as
   * unhealthy for it.
   */
  | { readonly phase: "never-accepted"; readonly to: string; readonly reason: string; readonly forMs: number }
  /** It accepted connections earlier, and does not accept them now. */
  | { readonly phase: "failed"; readonly to: string; readonly outcome: ProbeOutcome }
  /**
   * No client's packet reaches it. The host counts as unhealthy only if packets reached it earlier in this run of the
   * agent.
   */
  | { readonly phase: "cut-off"; readonly fault: PathFault; readonly isNew: boolean }
  | { readonly phase: "not-tried"; readonly why: string }
);

/** A program that starts has this long before there is advice. */
const STARTING_MS = 30_000;

/** Between two probes while nothing changes, because each is a connection to a program of the operator. */
const PAUSE_MS = 1_000;

/** The worst sample decides, then the worst phase. */
const SAMPLES = ["unhealthy", "unknown", "healthy"] as const;
const PHASES = ["cut-off", "failed", "never-accepted", "not-tried", "accepts", "reachable"] as const;

/**
 * Judges a finding for a port that was served earlier in this run of the agent, perhaps by another target: a container that was
 * replaced has a new address. A new target that never accepts counts against the host once a program had the time to start: the
 * clients of the port are no longer served.
 */
export function ofServedPort(finding: TargetFinding): TargetFinding {
  const { port } = finding;
  if (finding.phase === "cut-off") return { ...finding, isNew: true };
  if (finding.phase !== "never-accepted" || finding.forMs < STARTING_MS) return finding;
  const reason = `${finding.reason}; another target served the port before`;
  return { port, phase: "failed", to: finding.to, outcome: { sample: "unhealthy", reason } };
}

/** Unhealthy only if a target that has accepted before is certainly cut off, or no longer accepts, or is replaced by one that never does. */
export function concludeTargets(findings: readonly TargetFinding[]): ProbeOutcome {
  const rank = (finding: TargetFinding) =>
    SAMPLES.indexOf(sampleOf(finding)) * PHASES.length + PHASES.indexOf(finding.phase);
  const [worst] = findings.toSorted((a, b) => rank(a) - rank(b));
  if (worst === undefined) {
    return { sample: "healthy", reason: "no-target (no port is published)", minPauseMs: PAUSE_MS };
  }
  const reason = printableLine(`${worst.port}: ${describe(worst)}`);
  const [advice] = findings.flatMap(adviseOn);
  return { sample: sampleOf(worst), reason, minPauseMs: PAUSE_MS, ...(advice !== undefined && { advice }) };
}

function adviseOn(finding: TargetFinding): string[] {
  if (finding.phase === "cut-off" && !finding.isNew) {
    const { port, fault } = finding;
    return [`clients of port ${port} are not served: ${fault.detail}`];
  }
  if (finding.phase !== "never-accepted" || finding.forMs < STARTING_MS) return [];
  const { port, to, reason } = finding;
  return [
    `this host has never got an answer behind port ${port} (${to}: ${reason}). ` +
      "If clients are served anyway, set CHECK_TARGET to false",
  ];
}

export function isAgainstHost(finding: TargetFinding): boolean {
  return sampleOf(finding) === "unhealthy";
}

function sampleOf(finding: TargetFinding): ProbeOutcome["sample"] {
  if (finding.phase === "cut-off") return finding.isNew ? "unhealthy" : "healthy";
  return finding.phase === "failed" ? finding.outcome.sample : "healthy";
}

/** The first word is an id that never changes. */
function describe(finding: TargetFinding): string {
  switch (finding.phase) {
    case "accepts":
      return `target-accepts (${finding.to})`;
    case "reachable":
      return `target-reachable (${finding.to})`;
    case "never-accepted":
      return `target-never-accepted (${finding.to}: ${finding.reason}; this does not make the host unhealthy)`;
    case "failed":
      return `target-failed (${finding.to}: ${finding.outcome.reason})`;
    case "cut-off":
      return `${finding.fault.reason} (${finding.fault.detail}${finding.isNew ? "" : "; this does not make the host unhealthy, because it was so from the start"})`;
    case "not-tried":
      return `target-not-tried (${finding.why})`;
  }
}
