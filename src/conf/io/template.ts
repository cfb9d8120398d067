/** The template file, followed while it is edited. */
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { watch } from "chokidar";
import { AgentError } from "../../errors.ts";

/** Time without a write after which an edit counts as finished, ms: editors and mounts write in pieces. */
const SETTLED_MS = 50;
/** Time that the watch may take to stand, ms. */
const READY_MS = 2_000;

/** @throws {AgentError} TEMPLATE_BROKEN where the file cannot be read. */
export async function readTemplate(file: string): Promise<string> {
  try {
    // reading a FIFO would wait for ever, and nothing could end it
    if (!(await stat(file)).isFile()) throw new Error("not a regular file");
    return await readFile(file, "utf8");
  } catch (error) {
    throw new AgentError("TEMPLATE_BROKEN", `the template ${file} cannot be read`, { cause: error });
  }
}

export interface TemplateWatch {
  /** The file changed, or another was renamed over it. One that is gone for a moment is no edit: its return is. */
  readonly onEdit: () => void;
  /** The file cannot be followed, or not at the moment. */
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Follows the file until the signal aborts. Resolves once the watch stands, or cannot. */
export async function watchTemplate(file: string, { onEdit, onError, signal }: TemplateWatch): Promise<void> {
  const watcher = watch(file, {
    ignoreInitial: true,
    awaitWriteFinish: { stabilityThreshold: SETTLED_MS, pollInterval: 10 },
  });
  watcher.on("add", onEdit).on("change", onEdit).on("error", onError);
  if (signal.aborted) return watcher.close();
  signal.addEventListener("abort", () => void watcher.close(), { once: true });
  // a watcher without inotify watches left is never ready
  await once(watcher, "ready", { signal: AbortSignal.any([signal, AbortSignal.timeout(READY_MS)]) }).catch(
    onError,
  );
}
