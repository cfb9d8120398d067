/** Reads a file that `iptables-save -t nat` wrote. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { AgentError } from "../../errors.ts";

/**
 * The text of a file or pipe, without its byte order mark. `-` is standard input.
 *
 * @throws {AgentError} USAGE if it cannot be read. The reason of the abort if that comes first: a pipe may never have a
 *   writer.
 */
export async function readRulesFile(file: string, signal: AbortSignal): Promise<string> {
  const aborted = once(signal, "abort").then(() => signal.reason);
  try {
    const read = await Promise.race([
      file === "-" ? text(process.stdin) : readFile(file, "utf8"),
      aborted.then((reason) => {
        throw reason;
      }),
    ]);
    return read.replace(/^\uFEFF/, "");
  } catch (error) {
    signal.throwIfAborted();
    const hint = "Name a file that `iptables-save -t nat` wrote, or - for standard input.";
    throw new AgentError("USAGE", `--rules ${file} cannot be read`, { hint, cause: error });
  }
}
