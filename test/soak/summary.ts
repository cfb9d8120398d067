/** What a run showed, by kind of fault. */
import type { Outcome } from "./run-step.ts";

/** One line a fault: when, whom, what, and what its step cost. */
export function outcomeLines({ step, struck, effect, allowance }: Outcome, startMs: number): string[] {
  const cost = [
    `gap ${Math.round(effect.gapMs)} ms`,
    `two owners ${Math.round(effect.overlapMs)} ms`,
    `moves ${effect.moves}`,
    `(allowed ${Math.round(allowance.gapMs)}, ${Math.round(allowance.overlapMs)}; stall ${Math.round(effect.stallMs)})`,
  ].join(", ");
  return struck.map(({ fault, host, isOwner, fromMs, toMs }, index) => {
    const at = `${((fromMs - startMs) / 1_000).toFixed(1)} s`.padStart(9);
    const what = `${fault.name} for ${((toMs - fromMs) / 1_000).toFixed(1)} s`.padEnd(36);
    const whom = `${host.name} ${isOwner ? "owner " : "backup"}`;
    return `${at}  #${String(step.number).padEnd(3)} ${whom}  ${what} ${index === 0 ? cost : "(the same step)"}`;
  });
}

/** A row a kind of fault; a step of two faults counts for both, in columns of its own. */
export function summaryTable(outcomes: readonly Outcome[]): string[] {
  const strikes = outcomes.flatMap(({ struck, effect }) =>
    struck.map(({ fault, isOwner }) => ({ name: fault.name, isOwner, isAlone: struck.length === 1, effect })),
  );
  const rows = [...Map.groupBy(strikes, ({ name }) => name)]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, list]) => {
      const alone = list.filter(({ isAlone }) => isAlone).map(({ effect }) => effect);
      const paired = list.filter(({ isAlone }) => !isAlone).map(({ effect }) => effect);
      const ofOwner = list.filter(({ isOwner }) => isOwner).length;
      return [name, list.length, ofOwner, ...worst(alone), ...worst(paired)];
    });
  const head = [
    "fault",
    "count",
    "owner",
    "alone",
    "gap ms",
    "two ms",
    "moves",
    "pairs",
    "gap ms",
    "two ms",
    "moves",
  ];
  return [head, ...rows].map(align);
}

function worst(effects: readonly Outcome["effect"][]): (string | number)[] {
  if (effects.length === 0) return ["-", "-", "-", "-"];
  const most = (key: "gapMs" | "overlapMs" | "moves"): number =>
    Math.round(Math.max(...effects.map((effect) => effect[key])));
  return [effects.length, most("gapMs"), most("overlapMs"), most("moves")];
}

function align([name = "", ...cells]: readonly (string | number)[]): string {
  return [String(name).padEnd(26), ...cells.map((cell) => String(cell).padStart(7))].join(" ").trimEnd();
}
