/** Finds programs on the PATH. */
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { env } from "node:process";

/** execvp, and so Node, uses this where PATH is not set. */
const NO_PATH = "/bin:/usr/bin";

/** The programs that are not on the PATH. */
export function missingPrograms(names: readonly string[]): string[] {
  const folders = (env["PATH"] ?? NO_PATH).split(path.delimiter);
  return names.filter((name) => !folders.some((folder) => isExecutable(path.join(folder, name))));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
