/** What happened on all hosts in order of time, for whoever looks into a broken invariant. */
import type { Fleet } from "./fleet.ts";

export interface Note {
  readonly atMs: number;
  readonly text: string;
}

/** Longer lines of a log are cut, characters. */
const MOST_CHARACTERS = 220;

/** The soak's own notes, who took and lost the VIP, and what the agents wrote. */
export function timeline(fleet: Fleet, notes: readonly Note[], fromMs: number): string[] {
  const tenures = fleet.lab.ownership.tenures(fleet.vip);
  const moves = tenures.flatMap(({ host, fromMs: atMs, toMs }) => [
    { atMs, text: `${host} ++ has the VIP` },
    ...(toMs === Number.POSITIVE_INFINITY ? [] : [{ atMs: toMs, text: `${host} -- has the VIP no longer` }]),
  ]);
  const written = fleet.logs.flatMap(({ host, log }) =>
    log.lines.map(({ atMs, text }) => ({ atMs, text: `${host.name}    ${text.slice(0, MOST_CHARACTERS)}` })),
  );
  const own = notes.map(({ atMs, text }) => ({ atMs, text: `** ${text}` }));
  return [...own, ...moves, ...written]
    .filter(({ atMs }) => atMs >= fromMs)
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, text }) => `${clock(atMs)} ${text}`);
}

/** `14:28:31.106`, UTC. */
export function clock(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, -1);
}
