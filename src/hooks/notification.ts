/** What hooks are told of a transition; the JSON is documented in README. */
import type { Status } from "../status/status.ts";

export interface Notification {
  /** ISO 8601, of the transition. */
  readonly at: string;
  readonly group: string;
  readonly state: string;
  /** The state that the hooks were told, or could have been told, before. */
  readonly from: string;
  readonly host: { readonly uuid: string; readonly name: string } | undefined;
  readonly interface: string;
  readonly vips: readonly string[];
  /** Why this host may not own the VIPs; undefined where it may. */
  readonly reason: string | undefined;
}

/** The transitions from one status to the next. */
export function notificationsBetween(before: Status, after: Status): Notification[] {
  return after.instances.flatMap(({ name, state, since, vips, interface: link }) => {
    const from = before.instances.find((instance) => instance.name === name)?.state ?? "UNKNOWN";
    if (from === state) return [];
    const reason = reasonIn(after, name);
    return [{ at: since, group: name, state, from, host: after.host, interface: link, vips, reason }];
  });
}

/** The same for a script, beside the JSON on its standard input. */
export function scriptVariables({ group, state, from, vips, reason }: Notification): Record<string, string> {
  return { GROUP: group, STATE: state, FROM: from, VIPS: vips.join(" "), REASON: reason ?? "" };
}

function reasonIn({ health }: Status, name: string): string | undefined {
  const own = health.find(({ group }) => group === name);
  if (own === undefined) return undefined;
  if (own.drainedBy !== undefined) return `drained by ${own.drainedBy}`;
  if (own.heldBy !== undefined) return own.heldBy;
  const failed = own.checks.filter(({ verdict }) => verdict === "unhealthy");
  return failed.length === 0
    ? undefined
    : failed.map(({ name: check, reason }) => `${check}: ${reason}`).join("; ");
}
