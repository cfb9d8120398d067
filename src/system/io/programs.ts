/** Which programs could be started: those that the PATH leads to. */
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { env } from "node:process";

/** Where an unset PATH leads to, for execvp and so for Node. */
const NO_PATH = "/bin:/usr/bin";

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
