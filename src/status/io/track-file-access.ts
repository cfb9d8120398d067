/** Finds out whether keepalived may read the track file of a group. */
import { readFile, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path/posix";
import { trackFileOf } from "../../conf/paths.ts";
import { findBarrier, type PathPart, readerOf } from "../../system/path-access.ts";
import type { TrackFileAccess } from "../contradiction.ts";

/** @param pid of keepalived. Never rejects: a fact that cannot be found out is unknown. */
export type FindTrackFileAccess = (pid: number, group: string) => Promise<TrackFileAccess>;

export function createTrackFileAccess(trackDir: string): FindTrackFileAccess {
  return async (pid, group) => {
    try {
      const reader = readerOf(await readFile(`/proc/${pid}/status`, "utf8"));
      if (reader === undefined) return { kind: "unknown" };
      const file = await realpath(trackFileOf(trackDir, group));
      const barrier = findBarrier(reader, await Promise.all(pathsTo(file).map(partOf)));
      return barrier === undefined ? { kind: "readable" } : { kind: "barred", barrier };
    } catch {
      return { kind: "unknown" };
    }
  };
}

/** From the root to the file. */
function pathsTo(path: string): string[] {
  return path === "/" ? [path] : [...pathsTo(dirname(path)), path];
}

async function partOf(path: string): Promise<PathPart> {
  const { mode, uid, gid } = await stat(path);
  return { path, user: uid, group: gid, mode: mode & 0o777 };
}
