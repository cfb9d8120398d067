/** The own container as the kernel shows it to its processes. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dockerIdFrom } from "../docker-id.ts";

/** The Docker id of this process's container, 64 hex digits, or undefined where `/proc` tells none. Never throws. */
export async function readDockerId(procSelf = "/proc/self"): Promise<string | undefined> {
  const [cgroup, mountinfo] = await Promise.all([
    readOrNothing(join(procSelf, "cgroup")),
    readOrNothing(join(procSelf, "mountinfo")),
  ]);
  return dockerIdFrom(cgroup, mountinfo);
}

/** A kernel without cgroups has no such file; the id is then not known, which is no failure. */
async function readOrNothing(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
