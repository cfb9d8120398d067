/** Keeps a program that listens running: it is started again when it ends, with pauses that grow. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { type KeepListening, nextPauseMs, type Pauses } from "../restart-pause.ts";

export interface KeepListeningOptions {
  /** What is listened for, as in `listening for adverts ended`. */
  readonly what: string;
  readonly pauses: Pauses;
  /** What its absence costs, as the message of a log line; left out where it is waited for. */
  readonly withoutIt?: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export function keepListening({ what, pauses, withoutIt, log, signal }: KeepListeningOptions): KeepListening {
  return async (listen) => {
    let pauseMs: number | undefined;
    while (!signal.aborted) {
      const end = await listen();
      if (signal.aborted) return;
      const { isMissing, complaint } = end;
      if (isMissing && withoutIt !== undefined) return log.warn({ complaint }, withoutIt);
      pauseMs = nextPauseMs(pauses, pauseMs, end);
      const level = pauseMs === pauses.firstMs ? "warn" : "debug";
      log[level]({ what, complaint, delayMs: pauseMs }, "listener ended, will restart");
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  };
}
