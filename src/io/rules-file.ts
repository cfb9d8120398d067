/** A saved rule set, as `iptables-save -t nat` wrote it. */
import { readFile } from "node:fs/promises";
import { AgentError } from "../core/errors.ts";

/** @throws {AgentError} USAGE where the file cannot be read. */
export async function readRules(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new AgentError("USAGE", `--rules ${file} cannot be read`, { cause: error });
  }
}
