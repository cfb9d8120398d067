/** Watches files, each in the way that its kind of change needs. */
import { once } from "node:events";
import { watch as watchDirectory } from "node:fs";
import path from "node:path";

/** After this time the caller goes on without a started watch: the host may have no inotify watches left. */
const READY_TIMEOUT_MS = 2_000;

export interface FileWatch {
  /** The file was written, replaced or created. */
  readonly onChange: () => void;
  /** The file cannot be watched, perhaps only for now. */
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

export interface FileWatchMethod {
  /** A change counts as complete after this long without a write: editors and mounts write in pieces. */
  readonly stableMs: number;
  /** Also sees a symlink that is moved further up the path, which inotify does not report. */
  readonly pollIntervalMs?: number;
  /** Called where the file is removed. */
  readonly onRemove?: () => void;
}

/** Watches a file until the signal aborts. Resolves once the watch has started or failed. */
export async function watchFile(
  file: string,
  { stableMs, pollIntervalMs, onRemove }: FileWatchMethod,
  { onChange, onError, signal }: FileWatch,
): Promise<void> {
  // loaded only where a file is watched: most hosts have none
  const { watch } = await import("chokidar");
  const watcher = watch(file, {
    ignoreInitial: true,
    awaitWriteFinish: { stabilityThreshold: stableMs, pollInterval: Math.max(10, stableMs / 5) },
    ...(pollIntervalMs !== undefined && { usePolling: true, interval: pollIntervalMs }),
  });
  watcher.on("add", onChange).on("change", onChange).on("error", onError);
  if (onRemove !== undefined) watcher.on("unlink", onRemove);
  if (signal.aborted) return watcher.close();
  signal.addEventListener("abort", () => void watcher.close(), { once: true });
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(READY_TIMEOUT_MS)]);
  await once(watcher, "ready", { signal: timeout }).catch(onError);
}

/**
 * Watches a file of a directory that is written often, until the signal aborts. `onChange` is also called where the file is
 * removed. It uses inotify alone: chokidar compares the whole directory, which adds milliseconds to each write in it.
 */
export function watchFileByDirectory(file: string, { onChange, onError, signal }: FileWatch): void {
  const name = path.basename(file);
  try {
    const watcher = watchDirectory(path.dirname(file), { signal }, (_, changed) => {
      if (changed === name || changed === null) onChange();
    });
    watcher.on("error", onError);
  } catch (error) {
    onError(error);
  }
}
