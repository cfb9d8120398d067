/**
 * Makes a schedule that goes wrong as short as it can be while it still goes wrong in the same way: without luck, with
 * fewer moves (delta debugging), fewer hosts, round times and no delays.
 */
import type { Move, Schedule } from "./script.ts";

/** Most of what goes wrong does so this soon after the last move. */
const SHOWN_MS = 15_000;

type GoesWrong = (schedule: Schedule) => Promise<boolean>;

export async function shrink(schedule: Schedule, goesWrong: GoesWrong): Promise<Schedule> {
  let shortest = schedule;
  const keep = async (candidate: Schedule): Promise<boolean> => {
    const isWrong = await goesWrong(candidate);
    if (isWrong) shortest = candidate;
    return isWrong;
  };
  let before: Schedule | undefined;
  while (before !== shortest) {
    before = shortest;
    if (shortest.seed !== 0) await keep({ ...shortest, seed: 0 });
    await removeMoves(() => shortest, keep);
    const untilMs = 5_000 * Math.ceil(((shortest.moves.at(-1)?.atMs ?? 0) + SHOWN_MS) / 5_000);
    if (untilMs < shortest.untilMs) await keep({ ...shortest, untilMs });
    if (shortest.hosts > 2) await keep(withoutLastHost(shortest));
    for (const [index, move] of shortest.moves.entries()) {
      for (const simpler of simplerMoves(move)) {
        if (await keep(withMove(shortest, index, simpler))) break;
      }
    }
  }
  return shortest;
}

/** Removes ever smaller parts of the moves, and tries each again while one can go. */
async function removeMoves(
  current: () => Schedule,
  keep: (candidate: Schedule) => Promise<boolean>,
): Promise<void> {
  for (let size = Math.ceil(current().moves.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < current().moves.length; ) {
      const moves = current().moves.toSpliced(from, size);
      if (!(await keep({ ...current(), moves }))) from += size;
    }
  }
}

function withoutLastHost(schedule: Schedule): Schedule {
  const name = `h${schedule.hosts}`;
  const moves = schedule.moves
    .filter(({ args }) => !args.some((arg) => arg.includes(name)))
    .map((move) => ({ ...move, args: move.args.map((arg) => cutAfter(arg, schedule.hosts - 1)) }));
  return { ...schedule, hosts: schedule.hosts - 1, moves };
}

function cutAfter(arg: string, hosts: number): string {
  return arg.startsWith("after=") ? arg.split(",").slice(0, hosts).join(",") : arg;
}

function withMove(schedule: Schedule, index: number, move: Move): Schedule {
  const moves = schedule.moves.with(index, move).toSorted((a, b) => a.atMs - b.atMs);
  return { ...schedule, moves };
}

function simplerMoves(move: Move): Move[] {
  const rounded = [10_000, 1_000, 500].map((unit) => Math.round(move.atMs / unit) * unit);
  const times = rounded
    .filter((atMs) => atMs !== move.atMs && move.atMs % 500 !== 0)
    .map((atMs) => ({ ...move, atMs }));
  const hasDelays = move.args.some((arg) => arg.startsWith("after="));
  const prompt = {
    ...move,
    args: move.args.filter((arg) => !arg.startsWith("after=") && arg !== "without-memory"),
  };
  return [...(hasDelays || prompt.args.length < move.args.length ? [prompt] : []), ...times];
}
