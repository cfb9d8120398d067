/** A secret that lies in a file, as Rancher, Docker and Kubernetes hand them over, followed while it is replaced. */
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { watch } from "chokidar";
import { AgentError } from "../../errors.ts";

/**
 * How often the file is looked at, ms. Asking is the one way that sees every kind of replacement: where Kubernetes moves
 * a symlink further up the path, nothing is told to who watches the file.
 */
const LOOK_MS = 1_000;
/** Time without a write after which a secret counts as complete, ms. */
const SETTLED_MS = 200;
/** Time that the watch may take to stand, ms. */
const READY_MS = 2_000;

/** The text of the file. @throws {AgentError} SETTINGS_INVALID where it cannot be read. */
export async function readSecret(variable: string, file: string): Promise<string> {
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
  /** The file was written, replaced, removed, or is back. */
  readonly onChange: () => void;
  /** The file cannot be followed, or not at the moment. */
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Follows the file until the signal aborts. Resolves once the watch stands, or cannot. */
export async function watchSecret(file: string, { onChange, onError, signal }: SecretWatch): Promise<void> {
  const watcher = watch(file, {
    usePolling: true,
    interval: LOOK_MS,
    ignoreInitial: true,
    awaitWriteFinish: { stabilityThreshold: SETTLED_MS, pollInterval: SETTLED_MS / 2 },
  });
  watcher.on("add", onChange).on("change", onChange).on("unlink", onChange).on("error", onError);
  if (signal.aborted) return watcher.close();
  signal.addEventListener("abort", () => void watcher.close(), { once: true });
  await once(watcher, "ready", { signal: AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]) }).catch(
    onError,
  );
}
