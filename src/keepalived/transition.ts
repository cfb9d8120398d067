/**
 * The lines that keepalived writes to its notify FIFO within a millisecond of each transition. A transition can be
 * missing (2.2.7 writes no MASTER line after a reload), so a dump overrides them.
 */

const STATES = ["MASTER", "BACKUP", "FAULT", "STOP", "DELETED"] as const;

export type TransitionState = (typeof STATES)[number];

export interface Transition {
  readonly instance: string;
  readonly state: TransitionState;
  /** The effective priority, 1-255. */
  readonly priority: number;
}

const LINE = /^INSTANCE "([^"]+)" ([A-Z]+) (\d{1,3})$/;

/** Undefined for any other line: of a sync group, of a changed priority, or garbage. */
export function parseTransition(line: string): Transition | undefined {
  const [, instance, stateText, priority] = LINE.exec(line.trim()) ?? [];
  const state = STATES.find((candidate) => candidate === stateText);
  if (instance === undefined || state === undefined) return undefined;
  return { instance, state, priority: Number(priority) };
}
