/** A secret in a file, as Rancher, Docker and Kubernetes provide it, read and watched for a replacement. */
import { readFile, stat } from "node:fs/promises";
import { AgentError } from "../../errors.ts";
import { type FileWatch, watchFile } from "../../system/io/watch-file.ts";

/**
 * The file is polled this often. Only polling sees every replacement: Kubernetes moves a symlink further up the path,
 * and the kernel does not report that for the file itself.
 */
const POLL_INTERVAL_MS = 1_000;
/** A secret counts as complete after this long without a write. */
const STABLE_MS = 200;

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

/** Watches the file, also for its removal, until the signal aborts. Resolves once the watch has started or failed. */
export function watchSecretFile(file: string, options: FileWatch): Promise<void> {
  const method = { stableMs: STABLE_MS, pollIntervalMs: POLL_INTERVAL_MS, onRemove: options.onChange };
  return watchFile(file, method, options);
}
