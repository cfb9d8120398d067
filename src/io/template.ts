/** The template file, followed while it is edited. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { watch } from "chokidar";
import { AgentError } from "../core/errors.ts";

/** Time without a write after which an edit counts as finished, ms: editors and mounts write in pieces. */
const SETTLED_MS = 50;

/** @throws {AgentError} TEMPLATE_BROKEN where the file cannot be read. */
export async function readTemplate(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new AgentError("TEMPLATE_BROKEN", `the template ${file} cannot be read`, { cause: error });
  }
}

/**
 * Calls `onEdit` after each change of the file, also when another file is renamed over it, until `signal` aborts.
 * A file that is gone for a moment is no edit: its return is. Resolves once the watch stands.
 */
export async function watchTemplate(file: string, onEdit: () => void, signal: AbortSignal): Promise<void> {
  const watcher = watch(file, {
    ignoreInitial: true,
    awaitWriteFinish: { stabilityThreshold: SETTLED_MS, pollInterval: 10 },
  });
  watcher.on("add", onEdit).on("change", onEdit);
  signal.addEventListener("abort", () => void watcher.close(), { once: true });
  await once(watcher, "ready", { signal }).catch(() => undefined);
}
