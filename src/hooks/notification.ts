/** The notification of a transition that hooks get. docs/use/hooks.md documents its JSON. */

import type { Status } from "../status/status.ts";

export interface Notification {
  /** ISO 8601, of the transition. */
  readonly at: string;
  readonly group: string;
  readonly state: string;
  /** The state before. */
  readonly from: string;
  readonly host: { readonly uuid: string; readonly name: string } | undefined;
  readonly interface: string;
  readonly vips: readonly string[];
  /** Why this host is barred from the VIPs; undefined where it is not. */
  readonly reason: string | undefined;
}

/** One notification for each group whose state differs between two statuses. */
export function notificationsBetween(before: Status, after: Status): Notification[] {
  return after.instances.flatMap(({ name, state, since, vips, interface: link }) => {
    const from = before.instances.find((instance) => instance.name === name)?.state ?? "UNKNOWN";
    if (from === state) return [];
    const reason = reasonIn(after, name);
    return [{ at: since, group: name, state, from, host: after.host, interface: link, vips, reason }];
  });
}

/** Environment variables for a script. It also gets the JSON on its standard input. */
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
