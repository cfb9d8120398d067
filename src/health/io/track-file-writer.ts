/**
 * Keeps a track file as it should be: writes it at each change, and retries a failed write until one succeeds.
 *
 * A write that does not end counts as failed: a disk may hang, as storage over a network does, and keepalived would go on with
 * what the file said before.
 */
import { AgentError } from "../../errors.ts";
import type { TrackFile } from "./track-file.ts";

const RETRY_MS = 1_000;
/** A disk that is only busy answers sooner. */
const HUNG_MS = 1_000;

export interface TrackFileWriterOptions {
  readonly trackFile: TrackFile;
  /** Whether this host may own the VIPs, at the moment of the call. */
  readonly isAllowed: () => boolean;
  /**
   * A write failed or hangs, or, with undefined, the first write after such a one succeeded. Called again at each change in between,
   * because what the file cannot say differs then.
   */
  readonly onResult: (problem: AgentError | undefined) => void;
  /** Nothing is retried after its abort. */
  readonly signal: AbortSignal;
}

/** @returns the function that writes the file if it is not as it should be. */
export function createTrackFileWriter(options: TrackFileWriterOptions): () => void {
  const { trackFile, isAllowed, onResult, signal } = options;
  let retry: NodeJS.Timeout | undefined;
  let problem: AgentError | undefined;
  /** Writes that have not ended. */
  let waiting = 0;
  let isHung = false;
  /** Something changed while the disk hung. */
  let isStale = false;
  const fail = (error: unknown): void => {
    if (signal.aborted) return;
    problem = error instanceof AgentError ? error : new AgentError("CONF_UNWRITABLE", String(error));
    onResult(problem);
  };
  const succeed = (): void => {
    if (problem === undefined || isStale) return;
    problem = undefined;
    onResult(undefined);
  };
  const end = (): void => {
    waiting -= 1;
    if (waiting > 0) return;
    isHung = false;
    if (!isStale || signal.aborted) return;
    isStale = false;
    trackFile.invalidate();
    write();
  };
  const write = (): void => {
    clearTimeout(retry);
    if (isHung) {
      // one that waits is enough: more would pile up
      isStale = true;
      if (problem !== undefined) onResult(problem);
      return;
    }
    waiting += 1;
    const timer = setTimeout(() => {
      isHung = true;
      fail(hangs());
    }, HUNG_MS).unref();
    trackFile
      .set(isAllowed())
      .finally(() => clearTimeout(timer))
      .then(succeed, (error: unknown) => {
        fail(error);
        if (!signal.aborted) retry = setTimeout(write, RETRY_MS).unref();
      })
      .finally(end);
  };
  return write;
}

function hangs(): AgentError {
  return new AgentError(
    "CONF_UNWRITABLE",
    `the disk of STATE_DIR does not answer: the health of a group was not written within ${HUNG_MS / 1_000} s`,
    {
      hint: "Check the storage of STATE_DIR (`dmesg`, `cat /proc/pressure/io`). The agent goes on when it answers.",
    },
  );
}
