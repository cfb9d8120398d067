/** Whether a step cost more than its faults may. Pure arithmetic. */
import type { Allowance } from "./fault.ts";

/** What a step cost. */
export interface Effect {
  /** The longest time that the client went without an answer. */
  readonly gapMs: number;
  /** The longest time that two hosts had the VIP. */
  readonly overlapMs: number;
  /** How often a host took the VIP. */
  readonly moves: number;
  /** How long this machine itself, at worst, let no process run: everything may be late by that, several times. */
  readonly stallMs: number;
}

/** Of a busy machine: adverts are late on one side, timers on the other, and the client asks late, too. */
const STALLS_IN_A_ROW = 3;
/** With stalls beyond, adverts are missed for no fault at all. */
const BEARABLE_STALL_MS = 200;

/** Two faults at once may cost what both may cost together. */
export function together(allowances: readonly Allowance[]): Allowance {
  return {
    gapMs: allowances.reduce((sum, { gapMs }) => sum + gapMs, 0),
    overlapMs: allowances.reduce((sum, { overlapMs }) => sum + overlapMs, 0),
    mayMove: allowances.some(({ mayMove }) => mayMove),
  };
}

/** One sentence for each allowance that was exceeded. */
export function excesses(effect: Effect, allowance: Allowance): string[] {
  const slackMs = STALLS_IN_A_ROW * effect.stallMs;
  const mayMove = allowance.mayMove || effect.stallMs > BEARABLE_STALL_MS;
  const gapMs = allowance.gapMs + slackMs;
  const overlapMs = allowance.overlapMs + slackMs;
  return [
    effect.gapMs > gapMs && `the client had no answer for ${ms(effect.gapMs)}, ${ms(gapMs)} are allowed`,
    effect.overlapMs > overlapMs &&
      `two hosts had the VIP for ${ms(effect.overlapMs)}, ${ms(overlapMs)} are allowed`,
    effect.moves > 0 && !mayMove && `the VIP moved ${effect.moves} times for what must not move it`,
  ].filter((sentence) => sentence !== false);
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
