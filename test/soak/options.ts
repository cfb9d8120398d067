/** What may be written behind `npm run soak --`. */
import { parseArgs } from "node:util";
import { AgentError } from "../../src/errors.ts";
import type { IptablesBackend } from "../e2e/lab/rancher-rules.ts";

export const USAGE =
  "usage: npm run soak -- [--minutes N] [--seed S] [--hosts 3..5] [--backend nft|legacy] [--only FAULT,...]";

export interface SoakOptions {
  readonly isHelpWanted: boolean;
  readonly minutes: number;
  /** Drawn where none is given. */
  readonly seed: number | undefined;
  readonly hosts: number;
  readonly backend: IptablesBackend;
  /** Names of the faults to draw from; undefined: all. */
  readonly only: readonly string[] | undefined;
}

/** @throws {AgentError} USAGE */
export function parseOptions(args: readonly string[]): SoakOptions {
  const { minutes = "5", seed, hosts = "3", backend = "nft", only, help = false } = parse(args);
  if (!/^\d{1,4}(\.\d{1,2})?$/.test(minutes) || Number(minutes) === 0) {
    throw usageError(`--minutes takes a number above 0, not ${JSON.stringify(minutes)}`);
  }
  if (seed !== undefined && !/^\d{1,9}$/.test(seed)) {
    throw usageError(`--seed takes a whole number of up to 9 digits, not ${JSON.stringify(seed)}`);
  }
  if (!/^[345]$/.test(hosts)) throw usageError(`--hosts takes 3, 4 or 5, not ${JSON.stringify(hosts)}`);
  if (backend !== "nft" && backend !== "legacy") {
    throw usageError(`--backend takes nft or legacy, not ${JSON.stringify(backend)}`);
  }
  return {
    isHelpWanted: help,
    minutes: Number(minutes),
    seed: seed === undefined ? undefined : Number(seed),
    hosts: Number(hosts),
    backend,
    only: only?.split(","),
  };
}

function parse(args: readonly string[]) {
  const options = {
    minutes: { type: "string" },
    seed: { type: "string" },
    hosts: { type: "string" },
    backend: { type: "string" },
    only: { type: "string" },
    help: { type: "boolean", short: "h" },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error), error);
  }
}

function usageError(message: string, cause?: unknown): AgentError {
  return new AgentError("USAGE", message, { hint: USAGE, cause });
}
