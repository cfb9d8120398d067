/** What may be written behind `npm run asking --`. */
import { parseArgs } from "node:util";
import { type Arm, armsOf } from "./arm.ts";
import type { Case } from "./case.ts";

export const USAGE = [
  "usage: npm run asking [-- --case NAME]... [--rounds N] [--interval S,...] [--window S,...] [--seconds S] [--multicast] [--json FILE]",
  "  --case NAME      the case of that name, or those whose names begin with it; all unless told",
  "  --rounds N       how often each event is played with each setting, 10 unless told",
  "  --interval S,... advert intervals, 0.2 unless told",
  "  --window S,...   windows in which a late owner is asked, 0.04 unless told; each is compared with none",
  "  --seconds S      how long a lossy link or a load lasts, 60 unless told",
  "  --multicast      adverts are sent by multicast",
  "  --variant WORDS  only the events whose names have these words",
  "  --json FILE      appends one line of JSON for each event",
  "  --list           names the cases and ends",
].join("\n");

export interface AskingOptions {
  readonly cases: readonly Case[];
  readonly rounds: number;
  readonly arms: readonly Arm[];
  readonly seconds: number;
  readonly jsonFile: string | undefined;
  readonly isListWanted: boolean;
  readonly isHelpWanted: boolean;
}

/** @throws {Error} where an option is none, or no case has a wanted name. */
export function parseOptions(args: readonly string[], cases: readonly Case[]): AskingOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: "string", multiple: true, default: [""] },
      rounds: { type: "string", default: "10" },
      interval: { type: "string", default: "0.2" },
      window: { type: "string", default: "0.04" },
      seconds: { type: "string", default: "60" },
      multicast: { type: "boolean", default: false },
      variant: { type: "string", default: "" },
      json: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const rounds = positive("--rounds", values.rounds);
  if (!Number.isInteger(rounds)) throw new Error(`--rounds takes a whole number, not ${values.rounds}`);
  return {
    cases: values.case
      .flatMap((name) => select(name, cases))
      .map((each) => withVariants(each, values.variant)),
    rounds,
    arms: armsOf(list("--interval", values.interval), list("--window", values.window), values.multicast),
    seconds: positive("--seconds", values.seconds),
    jsonFile: values.json,
    isListWanted: values.list,
    isHelpWanted: values.help,
  };
}

function select(name: string, cases: readonly Case[]): Case[] {
  const selected = cases.filter((each) => each.name.startsWith(name));
  if (selected.length > 0) return selected;
  const names = cases.map((each) => each.name).join(", ");
  throw new Error(`no case is called ${JSON.stringify(name)}; there are ${names}`);
}

function withVariants(each: Case, words: string): Case {
  return { ...each, variants: each.variants.filter(({ name }) => name.includes(words)) };
}

function list(option: string, text: string): number[] {
  return text.split(",").map((part) => positive(option, part));
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`${option} takes a number above 0, not ${JSON.stringify(text)}`);
}
