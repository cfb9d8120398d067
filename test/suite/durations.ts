/** How long each test file took when that was last recorded. It decides the order of the files and which are quick, nothing else. */
import { readFileSync } from "node:fs";

export const DURATIONS_FILE = new URL("./durations.json", import.meta.url).pathname;
/** What takes less is not recorded, and is quick. */
export const RECORDED_FROM_SECONDS = 3;

/** Seconds by the file's path in the repository. */
export type Durations = Readonly<Record<string, number>>;

export function readDurations(): Durations {
  return JSON.parse(readFileSync(DURATIONS_FILE, "utf8"));
}

/** Seconds that the file is expected to take. A scenario that is not recorded yet is expected to take longest. */
function expectedSeconds(file: string, durations: Durations): number {
  return durations[file] ?? (file.startsWith("test/e2e/") ? Number.POSITIVE_INFINITY : 0);
}

/** The longest first, so that no worker is left with one when the others are done. Equals keep their order. */
export function longestFirst<File>(
  files: readonly File[],
  pathOf: (file: File) => string,
  durations: Durations,
): File[] {
  const seconds = (file: File) => expectedSeconds(pathOf(file), durations);
  return files.toSorted((one, other) =>
    seconds(one) < seconds(other) ? 1 : seconds(one) > seconds(other) ? -1 : 0,
  );
}
