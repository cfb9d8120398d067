/** Keeps a track file as it should be: writes it at each change, and retries a failed write until one succeeds. */
import { AgentError } from "../../errors.ts";
import type { TrackFile } from "./track-file.ts";

const RETRY_MS = 1_000;

export interface TrackFileWriterOptions {
  readonly trackFile: TrackFile;
  /** Whether this host may own the VIPs, at the moment of the call. */
  readonly isAllowed: () => boolean;
  /** A write failed, or, with undefined, the first write after a failed one succeeded. */
  readonly onResult: (problem: AgentError | undefined) => void;
  /** Nothing is retried after its abort. */
  readonly signal: AbortSignal;
}

/** @returns the function that writes the file if it is not as it should be. */
export function createTrackFileWriter(options: TrackFileWriterOptions): () => void {
  const { trackFile, isAllowed, onResult, signal } = options;
  let retry: NodeJS.Timeout | undefined;
  let hasFailed = false;
  const write = (): void => {
    clearTimeout(retry);
    trackFile.set(isAllowed()).then(
      () => {
        if (!hasFailed) return;
        hasFailed = false;
        onResult(undefined);
      },
      (error: unknown) => {
        if (signal.aborted) return;
        hasFailed = true;
        onResult(error instanceof AgentError ? error : new AgentError("CONF_UNWRITABLE", String(error)));
        retry = setTimeout(write, RETRY_MS);
        retry.unref();
      },
    );
  };
  return write;
}
