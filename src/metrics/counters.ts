/** What happened since the agent started, counted from one status to the next. */
import type { Status, StatusProblem } from "../status/status.ts";

export interface Tally {
  /** How often each group came into each state. */
  readonly transitions: readonly { readonly group: string; readonly state: string; readonly count: number }[];
  /** How many candidates were refused. */
  readonly rejections: number;
}

export const NOTHING_YET: Tally = { transitions: [], rejections: 0 };

/** The tally with what is new in a status; the same object where nothing is. */
export function foldTally(tally: Tally, before: Status | undefined, after: Status): Tally {
  const known = new Map(before?.instances.map((instance) => [instance.name, instance]));
  const entered = after.instances.filter(({ name, state, since }) => {
    const earlier = known.get(name);
    // a state that was left and entered again within one account has a later time
    const isSame = earlier?.state === state && earlier.since === since;
    return !isSame && state !== "UNKNOWN";
  });
  const rejection = rejectionOf(after);
  const isRejection = rejection !== undefined && rejection !== rejectionOf(before);
  if (entered.length === 0 && !isRejection) return tally;
  return {
    transitions: entered.reduce((counts, { name, state }) => counted(counts, name, state), tally.transitions),
    rejections: tally.rejections + Number(isRejection),
  };
}

function counted(counts: Tally["transitions"], group: string, state: string): Tally["transitions"] {
  const isIt = (row: { group: string; state: string }) => row.group === group && row.state === state;
  return counts.some(isIt)
    ? counts.map((row) => (isIt(row) ? { ...row, count: row.count + 1 } : row))
    : [...counts, { group, state, count: 1 }];
}

/** A problem that goes on is the same object in the next status. */
function rejectionOf(status: Status | undefined): StatusProblem | undefined {
  return status?.problems.find(({ code }) => code === "CONF_REJECTED" || code === "CONF_UNEXPECTED");
}
