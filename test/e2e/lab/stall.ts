/** How far a measured time is the machine's: one without a free core runs nobody for a moment, and no test is about that. */
import type { ProbeReport } from "./probe-report.ts";

/** Adverts are late on one side, timers on the other, and the client asks late, too. The soak allows as much. */
const STALLS_IN_A_ROW = 3;

/** Longer stalls, ms, make hosts miss adverts without any fault, and the VIP moves by itself. The soak uses the same bound. */
const BEARABLE_STALL_MS = 200;

/** Whether the VIP may have moved because the machine let nobody run while the prober asked. */
export function mayMoveByItself({ longestPauseMs }: Pick<ProbeReport, "longestPauseMs">): boolean {
  return longestPauseMs > BEARABLE_STALL_MS;
}

/**
 * A measured time, ms, less what the machine's stalls may have added while the prober asked. Bearable stalls excuse nothing:
 * else a stall of 34 ms would hide two owners for 0.1 s.
 */
export function beyondStalls(ms: number, report: Pick<ProbeReport, "longestPauseMs">): number {
  return mayMoveByItself(report) ? Math.max(0, ms - STALLS_IN_A_ROW * report.longestPauseMs) : ms;
}
