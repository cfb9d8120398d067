/** The template file, read and watched for edits. */
import { readFile, stat } from "node:fs/promises";
import { AgentError } from "../../errors.ts";
import { type FileWatch, watchFile } from "../../system/io/watch-file.ts";

/** An edit counts as complete after this long without a write. */
const STABLE_MS = 50;

/** @throws {AgentError} TEMPLATE_BROKEN where the file cannot be read. */
export async function readTemplate(file: string): Promise<string> {
  try {
    // reading a FIFO would wait without end
    if (!(await stat(file)).isFile()) throw new Error("not a regular file");
    return await readFile(file, "utf8");
  } catch (error) {
    throw new AgentError("TEMPLATE_BROKEN", `the template ${file} cannot be read`, { cause: error });
  }
}

/**
 * Watches the template until the signal aborts. Resolves once the watch has started or failed. A removal of the
 * template is not an edit, but its return is.
 */
export function watchTemplate(file: string, options: FileWatch): Promise<void> {
  return watchFile(file, { stableMs: STABLE_MS }, options);
}
