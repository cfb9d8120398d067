/**
 * Keeps the table of `release-table.ts`, from the first group on that needs it. The process that keeps it ends with the agent,
 * and the kernel removes the table with it.
 */
import { hrtime } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { runNft } from "../../gate/io/nft.ts";
import { runMonitorProgram } from "../../system/io/monitor-program.ts";
import { releaseTableCommand, releaseTableName } from "../release-table.ts";

/** nft may have failed because the machine was busy. */
const RETRY_MS = 60_000;
const RESTART = { firstMs: 10, longestMs: RETRY_MS };
/** After this many ends without the table the problem is reported: an nft without its interactive mode ends at once, each time. */
const MOST_ENDS = 3;
/** A process that has not made the table by then does not: it is replaced. */
const MADE_TIMEOUT_MS = 5_000;

export interface ReleaseTable {
  /** Makes the table. Does nothing if it was called before. */
  want(): void;
  /** Whether the table is there. */
  readonly isUp: boolean;
  /** Why this host cannot have it. */
  readonly problem: string | undefined;
  /** Resolves after the abort; no process of it is left then. Never rejects. */
  readonly ended: Promise<void>;
}

export interface ReleaseTableOptions {
  /** `isUp` or `problem` changed. Not called after the abort. */
  readonly onChange: () => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export function openReleaseTable({ onChange, log, signal }: ReleaseTableOptions): ReleaseTable {
  const id = hrtime.bigint().toString(36); // the clock of the host, so it is unique on the host
  const name = releaseTableName(id);
  let isUp = false;
  let problem: string | undefined;
  /** Ends of the process since the table was there. */
  let ends = 0;
  let lateTimer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const set = (nextIsUp: boolean, nextProblem: string | undefined): void => {
    if (signal.aborted || (isUp === nextIsUp && problem === nextProblem)) return;
    isUp = nextIsUp;
    problem = nextProblem;
    onChange();
  };
  const lack = (reason: string): void => {
    if (problem === undefined) log.info({ reason }, "owners are not asked by multicast");
    set(false, reason);
  };
  /** Resolves once this kernel and this nft have made such a table, and after the abort. */
  const awaitSupport = async (): Promise<void> => {
    while (!signal.aborted) {
      const result = await runNft(`${releaseTableCommand(releaseTableName(`probe_${id}`))}\n`);
      if (!("reason" in result)) return;
      lack(result.reason);
      await sleep(RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  };
  const run = async (): Promise<void> => {
    await awaitSupport();
    await runMonitorProgram({
      program: "nft",
      args: ["-i"],
      what: "the table for adverts to this host",
      restart: RESTART,
      // nft shows what it printed before once it monitors
      onStart: (input, end) => {
        lateTimer = setTimeout(end, MADE_TIMEOUT_MS).unref();
        input.write(`${releaseTableCommand(name)}\nlist tables\nmonitor destroy tables\n`);
      },
      onLine: (line) => {
        if (!line.endsWith(`table ip ${name}`)) return;
        ends = 0;
        clearTimeout(lateTimer);
        set(true, undefined);
      },
      onEnd: (complaint) => {
        clearTimeout(lateTimer);
        ends += 1;
        if (ends < MOST_ENDS) set(false, problem);
        else lack(`the nft process that would keep it ends: ${complaint}`);
      },
      log,
      signal,
    });
  };
  return {
    want: () => {
      running ??= run();
    },
    get isUp() {
      return isUp;
    },
    get problem() {
      return problem;
    },
    get ended() {
      return running ?? Promise.resolve();
    },
  };
}
