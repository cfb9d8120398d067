/**
 * Polls metadata for new versions, one long poll after the other, and reads each version that it finds.
 *
 * The first change after a quiet time is read at once. Of a burst that follows, only the latest version is read.
 * After a failure of a poll or a reading, the last reading stays in use and the next try comes later.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { createBackoff } from "../../system/backoff.ts";
import type { MetadataClient } from "./client.ts";

/** The version that the first poll sends. It differs from every real one, so the server answers at once. */
const NONE_SEEN = "init";
/** Two complete readings are at least this far apart, so that a burst of changes does not load the server. */
const READ_GAP_MS = 500;
/** The pause after a poll that returned at once without a change: that server does not wait. */
const IDLE_GAP_MS = 1_000;
const LONGEST_WAIT_SECONDS = 30;
/** Everything is read again after this time, in case the server failed to announce a change. */
const FULL_READ_MS = 300_000;
const BACKOFF = { firstMs: 1_000, longestMs: 30_000, random: Math.random };

/** One complete reading. */
export interface RefreshResult {
  readonly version: string;
  /** Metadata is read again then, even if nothing changes. By `performance.now()`. */
  readonly readAgainAtMs: number | undefined;
}

export interface PollOptions {
  readonly client: MetadataClient;
  /** Reads metadata of that version, or of a newer one, and uses it. */
  readonly refresh: (version: string) => Promise<RefreshResult>;
  /** Called when a poll or a reading failed. It is tried again. */
  readonly onFailure: (error: unknown) => void;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Runs until the signal aborts. Never rejects, whatever metadata answers. */
export async function runMetadataPoll(options: PollOptions): Promise<void> {
  const { log, signal } = options;
  const progress = { seen: NONE_SEEN, dueMs: 0, lastReadMs: Number.NEGATIVE_INFINITY };
  const backoff = createBackoff(BACKOFF);
  while (!signal.aborted) {
    try {
      await pollOnce(progress, options);
      backoff.reset();
    } catch (error) {
      if (signal.aborted) return;
      const retryMs = backoff.nextMs();
      options.onFailure(error);
      log.debug({ err: error, retryMs }, "metadata poll failed, will retry");
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** One poll, and the reading where one is due. */
async function pollOnce(
  progress: { seen: string; dueMs: number; lastReadMs: number },
  { client, refresh, signal }: PollOptions,
): Promise<void> {
  const startedMs = performance.now();
  const waitSeconds = Math.ceil((progress.dueMs - startedMs) / 1_000);
  const version = await client.waitForChange(
    progress.seen,
    Math.max(1, Math.min(LONGEST_WAIT_SECONDS, waitSeconds)),
  );
  if (version === progress.seen && performance.now() < progress.dueMs) {
    await pause(startedMs + IDLE_GAP_MS, signal);
    return;
  }
  await pause(progress.lastReadMs + READ_GAP_MS, signal);
  progress.lastReadMs = performance.now();
  const result = await refresh(version);
  progress.seen = result.version;
  progress.dueMs = Math.min(
    result.readAgainAtMs ?? Number.POSITIVE_INFINITY,
    performance.now() + FULL_READ_MS,
  );
}

async function pause(untilMs: number, signal: AbortSignal): Promise<void> {
  const restMs = untilMs - performance.now();
  if (restMs > 0) await sleep(restMs, undefined, { signal });
}
