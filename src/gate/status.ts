/** What state the gate is in, as `status` shows it. */

/**
 * `waiting`: keepalived was not started yet. `unavailable`: this kernel or nft has no owner tables. `on`: a killed
 * container is silent. `failed`: the gate is down or names former VIPs. It blocks nothing, and this host answers for
 * its VIPs as without a gate. `blocking`: the gate is up but nothing sets its tag, so no new client finds a VIP of this
 * host.
 */
export type GateStatus =
  | { readonly phase: "waiting" | "on" }
  | { readonly phase: "unavailable" | "failed" | "blocking"; readonly reason: string };

/** How the gate is, in words for a terminal. */
export function gateStatusText(status: GateStatus): string {
  switch (status.phase) {
    case "waiting":
      return "off, keepalived was not started yet";
    case "on":
      return "on";
    case "unavailable":
      return `not available: ${status.reason}`;
    case "failed":
      return `failed: ${status.reason}`;
    case "blocking":
      return `blocks this host's VIPs: ${status.reason}`;
  }
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

/** @param reason why the step failed; undefined where it succeeded. */
export function statusAfter(step: Exclude<GateStep, "wait">, reason: string | undefined): GateStatus {
  if (step === "put-up") return reason === undefined ? { phase: "on" } : { phase: "failed", reason };
  return reason === undefined
    ? { phase: "failed", reason: "the nft process that sets its tag keeps ending" }
    : { phase: "blocking", reason };
}
