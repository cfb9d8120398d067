/**
 * Removes the track files of groups that are gone, also those of earlier runs. Groups may be renamed any number of times, and
 * each of them would leave a file.
 */
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import type { Logger } from "pino";
import { trackFileOf } from "../../conf/paths.ts";

/** @param groups those whose files stay. Never throws: a file that cannot be removed now is removed later. */
export async function removeLeftoverTrackFiles(
  trackDir: string,
  groups: ReadonlySet<string>,
  log: Logger,
): Promise<void> {
  const prefix = path.basename(trackFileOf(trackDir, ""));
  try {
    const names = (await readdir(trackDir)).filter((name) => name.startsWith(prefix));
    const leftovers = names.filter((name) => !groups.has(name.slice(prefix.length)));
    for (const name of leftovers) await rm(path.join(trackDir, name), { force: true });
  } catch (err) {
    log.debug({ err }, "the track files of former groups were not removed");
  }
}
