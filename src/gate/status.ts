/** What state the gate is in, as `status` shows it. */
import type { GateFamily } from "./tables.ts";

/**
 * `waiting`: keepalived was not started yet. `unavailable`: this kernel or nft has no owner tables, or nft did not answer;
 * the agent tries again. `on`: a killed container is silent, with a reason where it is not for one family of its VIPs.
 * `failed`: the gate is down or names former VIPs. It blocks nothing, and this host answers for its VIPs as without a gate.
 * `blocking`: the gate is up but nothing sets its tag, so no new client finds a VIP of this host. Also where nobody can
 * tell whether an earlier agent has left one.
 */
export type GateStatus =
  | { readonly phase: "waiting" }
  | { readonly phase: "on"; readonly reason?: string | undefined }
  | { readonly phase: "unavailable" | "failed" | "blocking"; readonly reason: string };

/** How the gate is, in words for a terminal. */
export function gateStatusText(status: GateStatus): string {
  switch (status.phase) {
    case "waiting":
      return "off, keepalived was not started yet";
    case "on":
      return status.reason === undefined ? "on" : `on, but ${status.reason}`;
    case "unavailable":
      return `not available: ${status.reason}`;
    case "failed":
      return `failed: ${status.reason}`;
    case "blocking":
      return `may block this host's VIPs: ${status.reason}`;
  }
}

/** Whether a killed container of this host is silent for each of its VIPs. */
export function isFullyUp(status: GateStatus): boolean {
  return status.phase === "on" && status.reason === undefined;
}

/** What to do now about the gate. */
export type GateStep = "put-up" | "wait" | "take-down";

/** A lost tag is back within some 20 ms, because its process is started again at once. */
const TAG_GRACE_MS = 500;

/** If nft broke on all hosts, the gate must not keep a VIP without an owner. */
const LONGEST_HOLD_MS = 30_000;

/**
 * Whether the groups are held back, so that another host owns their VIPs.
 *
 * @param blockingMs how long the gate has blocked this host's VIPs; undefined where it does not.
 */
export function isHoldDue(blockingMs: number | undefined): boolean {
  return blockingMs !== undefined && blockingMs < LONGEST_HOLD_MS;
}

/**
 * The gate is up only where its tag is. Without the tag it would block a healthy VIP.
 *
 * @param untaggedMs how long the tag has been missing; undefined where it is there.
 */
export function nextGateStep(untaggedMs: number | undefined): GateStep {
  if (untaggedMs === undefined) return "put-up";
  return untaggedMs < TAG_GRACE_MS ? "wait" : "take-down";
}

/** What a step found. */
export interface GateOutcome {
  /** Why the step failed; undefined where it succeeded. */
  readonly reason: string | undefined;
  /** Why the gate of an earlier agent is still there, for families that have no tag. */
  readonly left: string | undefined;
  /** The attempt to set the tag, with the reason where it failed, or did for one family. */
  readonly attempt: { readonly phase: "set" | "failed"; readonly reason: string | undefined };
  /** The families of VIPs that have no gate. */
  readonly without: readonly GateFamily[];
}

export function statusAfter(
  step: Exclude<GateStep, "wait">,
  { reason, left, attempt, without }: GateOutcome,
): GateStatus {
  if (left !== undefined) return { phase: "blocking", reason: left };
  if (attempt.phase === "failed") return { phase: "unavailable", reason: attempt.reason ?? "" };
  if (step === "put-up") {
    if (reason !== undefined) return { phase: "failed", reason };
    const names = without.map((family) => FAMILY_NAMES[family]).join(", ");
    return names === "" ? { phase: "on" } : { phase: "on", reason: `not for ${names}: ${attempt.reason}` };
  }
  return reason === undefined
    ? { phase: "failed", reason: "the nft process that sets its tag keeps ending" }
    : { phase: "blocking", reason };
}

const FAMILY_NAMES: Readonly<Record<GateFamily, string>> = { arp: "IPv4", ip6: "IPv6" };
