/** Parses `/proc/PID/stat`, the kernel's one line about a process. */

export interface ProcessStat {
  /** One letter, such as `T` (stopped by a signal), `t` (by a debugger) or `Z` (ended, and not waited for yet). */
  readonly state: string;
  /** Tells a process from a later one with the same pid. */
  readonly startTicks: string;
}

/** @returns undefined for an empty text: there is no such process. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  // after the name of the process, which may contain anything: the state, 18 fields, the start time
  const [state, ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const startTicks = fields[18];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

/** Whether it is a process of the group that has not ended. */
export function isAliveIn(group: number, text: string): boolean {
  const [state = "", , leader] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return Number(leader) === group && !/[ZX]/.test(state);
}

/** Whether a signal or a debugger has stopped the process. It parses nothing else, because it runs several times a second. */
export function isStopped(text: string): boolean {
  const state = text.charAt(text.lastIndexOf(")") + 2);
  return state === "T" || state === "t";
}
