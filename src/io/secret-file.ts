/** A secret that lies in a file, as Rancher and Docker hand them over (/run/secrets). */
import { readFile, stat } from "node:fs/promises";
import { AgentError } from "../core/errors.ts";

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
