/**
 * Run as `npm run asking`, as root: plays faults on three hosts with agents that ask a late owner, and on three that do not, and
 * counts how often the VIP moves, how long it has two owners, and how long a takeover takes. Exit status 1 where the rule of
 * verdict.ts is broken or an event could not be played. Ctrl-C ends it; nothing is left behind.
 */
import { readMachineFacts } from "../bench/machine-facts.ts";
import { requirements } from "../e2e/lab/requirements.ts";
import { CASES } from "./catalogue.ts";
import { type AskingOptions, parseOptions, USAGE } from "./options.ts";
import { runCases } from "./run-cases.ts";

const EXIT_CONFIG = 78;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return EXIT_CONFIG;
  if (options.isHelpWanted) return print(USAGE);
  if (options.isListWanted) return print(CASES.map(({ name, title }) => `${name}: ${title}`).join("\n"));
  const missing = requirements();
  if (missing !== undefined) {
    process.stderr.write(`${missing}\n`);
    return 1;
  }
  print(JSON.stringify(await readMachineFacts()));
  const troubles = await runCases(options, print);
  print(troubles.length === 0 ? "\nthe rule held" : `\n${troubles.join("\n")}`);
  return troubles.length === 0 ? 0 : 1;
}

function readOptions(): AskingOptions | undefined {
  try {
    return parseOptions(process.argv.slice(2), CASES);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}\n`);
    return undefined;
  }
}

/** @returns the exit status of a run that did no more than that. */
function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}
