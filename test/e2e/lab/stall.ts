/** How far a measured time is the machine's: one without a free core runs nobody for a moment, and no test is about that. */
import type { ProbeReport } from "./probe-report.ts";

/** Adverts are late on one side, timers on the other, and the client asks late, too. The soak allows as much. */
const STALLS_IN_A_ROW = 3;

/** With stalls beyond, ms, adverts are missed for no fault at all, and the VIP moves by itself. The soak says so, too. */
const BEARABLE_STALL_MS = 200;

/** Whether the VIP may have moved because the machine let nobody run while the prober asked. */
export function mayMoveByItself({ longestPauseMs }: Pick<ProbeReport, "longestPauseMs">): boolean {
  return longestPauseMs > BEARABLE_STALL_MS;
}

/** What is left of a time, ms, without what the machine may have added while the prober asked. 0 stays 0. */
export function beyondStalls(ms: number, { longestPauseMs }: Pick<ProbeReport, "longestPauseMs">): number {
  return Math.max(0, ms - STALLS_IN_A_ROW * longestPauseMs);
}
