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

/** One notification for each group whose state differs from the one that hooks know. @param known states by group. */
export function notificationsOf(known: ReadonlyMap<string, string>, status: Status): Notification[] {
  return status.instances.flatMap(({ name, state, since, vips, interface: link }) => {
    const from = known.get(name) ?? "UNKNOWN";
    if (from === state) return [];
    const reason = reasonIn(status, name);
    return [{ at: since, group: name, state, from, host: status.host, interface: link, vips, reason }];
  });
}

/**
 * Whether a group that starts is in FAULT only because this host has not listened yet, or no check has run. On a
 * healthy host that passes by itself within a moment, and nothing has to be done.
 */
export function isOfStart({ group, state, from }: Notification, { health }: Status): boolean {
  if (state !== "FAULT" || (from !== "UNKNOWN" && from !== "STOPPED")) return false;
  const own = health.find((one) => one.group === group);
  return own === undefined || !(own.isDrained || own.checks.some(({ verdict }) => verdict === "unhealthy"));
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
