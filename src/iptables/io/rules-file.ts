/** A saved rule set, as `iptables-save -t nat` wrote it. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { AgentError } from "../../errors.ts";

/**
 * The text without a byte order mark. A pipe will do, too.
 *
 * @throws {AgentError} USAGE where the file cannot be read; the reason of the abort, while a pipe has no writer.
 */
export async function readRules(file: string, signal: AbortSignal): Promise<string> {
  const aborted = once(signal, "abort").then(() => signal.reason);
  try {
    const text = await Promise.race([
      readFile(file, "utf8"),
      aborted.then((reason) => {
        throw reason;
      }),
    ]);
    return text.replace(/^\uFEFF/, "");
  } catch (error) {
    signal.throwIfAborted();
    throw new AgentError("USAGE", `--rules ${file} cannot be read`, { cause: error });
  }
}
