/** Reads a file that `iptables-save -t nat` wrote. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { AgentError } from "../../errors.ts";

/**
 * The text of a file or pipe, without its byte order mark.
 *
 * @throws {AgentError} USAGE if it cannot be read. The reason of the abort if that comes first: a pipe may never have a
 *   writer.
 */
export async function readRulesFile(file: string, signal: AbortSignal): Promise<string> {
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
