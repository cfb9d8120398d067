/** What state the gate is in, as `status` shows it. */

/**
 * `waiting`: keepalived was not started yet. `unavailable`: this kernel or nft has no owner tables. `on`: a killed
 * container is silent. `failed`: the gate could not be put up and is down, so VIPs are answered for as without it.
 * `blocking`: the gate is up but nothing sets its tag, so no new client finds a VIP of this host.
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
      return `down: ${status.reason}`;
    case "blocking":
      return `blocks this host's VIPs: ${status.reason}`;
  }
}

/** What to do now about the gate. */
export type GateStep = "put-up" | "wait" | "take-down";

/** A lost tag is back within some 20 ms, because its process is started again at once. */
const TAG_GRACE_MS = 500;

/**
 * The gate is up only where its tag is. Without the tag it would block a healthy VIP.
 *
 * @param untaggedMs how long the tag has been missing; undefined where it is there.
 */
export function nextGateStep(untaggedMs: number | undefined): GateStep {
  if (untaggedMs === undefined) return "put-up";
  return untaggedMs < TAG_GRACE_MS ? "wait" : "take-down";
}
