/** What may be written behind `npm run bench --`. */
import { parseArgs } from "node:util";
import type { Figure, Plan } from "./figure.ts";

export const USAGE = [
  "usage: npm run bench [-- --only NAME]... [--rounds N] [--minutes N] [--json FILE] [--docs] [--list]",
  "  --only NAME   the figure of that name, or those whose names begin with it; all unless told",
  "  --rounds N    how often each contender is measured, 7 unless told; slow ones less often",
  "  --minutes N   how long memory is followed, 10 unless told",
  "  --json FILE   writes all that was measured",
  "  --docs        writes the table and the plots into docs/",
  "  --list        names the figures and ends",
].join("\n");

export interface BenchOptions extends Plan {
  readonly figures: readonly Figure[];
  readonly jsonFile: string | undefined;
  readonly isForDocs: boolean;
  readonly isListWanted: boolean;
  readonly isHelpWanted: boolean;
}

/** @throws {Error} where an option is none, or no figure has a wanted name. */
export function parseOptions(args: readonly string[], figures: readonly Figure[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true, default: [""] },
      rounds: { type: "string", default: "7" },
      minutes: { type: "string", default: "10" },
      json: { type: "string" },
      docs: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return {
    figures: values.only.flatMap((name) => select(name, figures)),
    rounds: positive("--rounds", values.rounds, Number.isInteger),
    memoryMinutes: positive("--minutes", values.minutes, Number.isFinite),
    jsonFile: values.json,
    isForDocs: values.docs,
    isListWanted: values.list,
    isHelpWanted: values.help,
  };
}

function select(name: string, figures: readonly Figure[]): Figure[] {
  const selected = figures.filter((figure) => figure.name.startsWith(name));
  if (selected.length > 0) return selected;
  const names = figures.map((figure) => figure.name).join(", ");
  throw new Error(`no figure is called ${JSON.stringify(name)}; there are ${names}`);
}

function positive(option: string, text: string, isKind: (value: number) => boolean): number {
  const value = Number(text);
  if (isKind(value) && value > 0) return value;
  const kind = isKind === Number.isInteger ? "a whole number" : "a number";
  throw new Error(`${option} takes ${kind} above 0, not ${JSON.stringify(text)}`);
}
