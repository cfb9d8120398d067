/** A secret in a file, as Rancher, Docker and Kubernetes provide it, read and watched for a replacement. */
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { watch } from "chokidar";
import { AgentError } from "../../errors.ts";

/**
 * The file is polled this often. Only polling sees every replacement: Kubernetes moves a symlink further up the path, of
 * which the kernel does not notify those that watch the file.
 */
const POLL_INTERVAL_MS = 1_000;
/** A secret counts as complete after this long without a write. */
const STABLE_MS = 200;
/** The watch must start within this time. */
const READY_TIMEOUT_MS = 2_000;

/** The text of the file. @throws {AgentError} SETTINGS_INVALID if it cannot be read. */
export async function readSecretFile(variable: string, file: string): Promise<string> {
  try {
    if (!(await stat(file)).isFile()) throw new Error("not a regular file");
    return await readFile(file, "utf8");
  } catch (error) {
    throw new AgentError("SETTINGS_INVALID", `${variable}="${file}" (environment): the file cannot be read`, {
      cause: error,
    });
  }
}

export interface SecretWatch {
  /** The file was written, replaced, removed or created. */
  readonly onChange: () => void;
  /** The file cannot be watched, perhaps only for now. */
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Watches the file until the signal aborts. Resolves once the watch has started or failed. */
export async function watchSecretFile(
  file: string,
  { onChange, onError, signal }: SecretWatch,
): Promise<void> {
  const watcher = watch(file, {
    usePolling: true,
    interval: POLL_INTERVAL_MS,
    ignoreInitial: true,
    awaitWriteFinish: { stabilityThreshold: STABLE_MS, pollInterval: STABLE_MS / 2 },
  });
  watcher.on("add", onChange).on("change", onChange).on("unlink", onChange).on("error", onError);
  if (signal.aborted) return watcher.close();
  signal.addEventListener("abort", () => void watcher.close(), { once: true });
  await once(watcher, "ready", {
    signal: AbortSignal.any([signal, AbortSignal.timeout(READY_TIMEOUT_MS)]),
  }).catch(onError);
}
