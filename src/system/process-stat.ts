/** `/proc/PID/stat`: what the kernel says of a process in one line. */

export interface ProcessStat {
  /** One letter: `T` where a signal stopped it, `t` a debugger; `Z` where nobody took notice of its end yet. */
  readonly state: string;
  /** Tells a process from a later one with the same pid. */
  readonly startTicks: string;
}

/** Undefined where there is no such process: the text is empty then. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  // behind the process's name, which may hold anything: state, then 18 fields, then the start time
  const [state, ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const startTicks = fields[18];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

/** Whether a signal or a debugger stopped it. Asked several times a second: nothing else is looked at. */
export function isStopped(text: string): boolean {
  const state = text.charAt(text.lastIndexOf(")") + 2);
  return state === "T" || state === "t";
}
