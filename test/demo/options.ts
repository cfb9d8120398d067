/** What may be written behind `npm run demo --`. */
import { parseArgs } from "node:util";
import { AgentError } from "../../src/errors.ts";

export const USAGE = "usage: npm run demo [-- --seconds N]   (until Ctrl-C unless told)";

export interface DemoOptions {
  readonly isHelpWanted: boolean;
  /** After so many seconds the demo ends by itself; undefined: only at Ctrl-C. */
  readonly seconds: number | undefined;
}

/** @throws {AgentError} USAGE */
export function parseOptions(args: readonly string[]): DemoOptions {
  const { seconds, help = false } = parse(args);
  if (seconds !== undefined && !/^[1-9]\d{0,5}$/.test(seconds)) {
    throw usageError(`--seconds takes a whole number from 1 to 999999, not ${JSON.stringify(seconds)}`);
  }
  return { isHelpWanted: help, seconds: seconds === undefined ? undefined : Number(seconds) };
}

function parse(args: readonly string[]): { readonly seconds?: string; readonly help?: boolean } {
  const options = { seconds: { type: "string" }, help: { type: "boolean", short: "h" } } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error), error);
  }
}

function usageError(message: string, cause?: unknown): AgentError {
  return new AgentError("USAGE", message, { hint: USAGE, cause });
}
