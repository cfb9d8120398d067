/** Counts what happened since the agent started, from one status to the next. */

import type { Status, StatusProblem } from "../status/status.ts";

export interface Counts {
  /** How often each group entered each state. */
  readonly transitions: readonly { readonly group: string; readonly state: string; readonly count: number }[];
  /** Number of rejected candidates. */
  readonly rejections: number;
  /** How often keepalived ended. */
  readonly exits: number;
}

export const NO_COUNTS: Counts = { transitions: [], rejections: 0, exits: 0 };

/** The counts after another status. It is the same object where nothing was counted. */
export function countChanges(counts: Counts, before: Status | undefined, after: Status): Counts {
  const known = new Map(before?.instances.map((instance) => [instance.name, instance]));
  const entered = after.instances.filter(({ name, state, since }) => {
    const earlier = known.get(name);
    // a group that left a state and entered it again between two statuses has a later `since`
    const isSame = earlier?.state === state && earlier.since === since;
    return !isSame && state !== "UNKNOWN";
  });
  const rejection = rejectionOf(after);
  const isRejection = rejection !== undefined && rejection !== rejectionOf(before);
  const isExit = hasEnded(before, after);
  const kept = withoutFormerGroups(counts.transitions, after);
  if (entered.length === 0 && !isRejection && !isExit && kept === counts.transitions) return counts;
  return {
    transitions: entered.reduce((rows, { name, state }) => increment(rows, name, state), kept),
    rejections: counts.rejections + Number(isRejection),
    exits: counts.exits + Number(isExit),
  };
}

/** A group that is gone leaves no counter behind: groups may be renamed any number of times. */
function withoutFormerGroups(
  rows: Counts["transitions"],
  { instances, health }: Status,
): Counts["transitions"] {
  if (instances.length === 0) return rows; // keepalived is about to confirm its configuration
  const groups = new Set([...instances.map(({ name }) => name), ...health.map(({ group }) => group)]);
  return rows.every(({ group }) => groups.has(group)) ? rows : rows.filter(({ group }) => groups.has(group));
}

function increment(rows: Counts["transitions"], group: string, state: string): Counts["transitions"] {
  const isSame = (row: { group: string; state: string }) => row.group === group && row.state === state;
  return rows.some(isSame)
    ? rows.map((row) => (isSame(row) ? { ...row, count: row.count + 1 } : row))
    : [...rows, { group, state, count: 1 }];
}

/** Another process runs, or none: also where the next one started between two statuses. A reload keeps the process. */
function hasEnded(before: Status | undefined, { keepalived: { pid } }: Status): boolean {
  return before?.keepalived.pid !== undefined && before.keepalived.pid !== pid;
}

/** A lasting problem is the same object in each status, so it is counted once. */
function rejectionOf(status: Status | undefined): StatusProblem | undefined {
  return status?.problems.find(({ code }) => code === "CONF_REJECTED" || code === "CONF_UNEXPECTED");
}
