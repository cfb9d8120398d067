/** Small disks of their own for folders of a lab, so that one can be full; removed with the lab. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { run } from "./command.ts";

/** Mounts an empty disk over the folder. Containers that start later see it, those that run do not. */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<void> {
  await run(["mount", "-n", "-t", "tmpfs", "-o", `size=${megabytes}m,mode=700`, "lab-disk", folder]);
}

/** Removes the disks below a folder. Synchronous: it must also work while the process exits. */
export function unmountBelow(folder: string): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const points = mounts.map((line) => line.split(" ")[1] ?? "");
  const below = points.filter((point) => point.startsWith(`${folder}/`));
  // lazily: a process that was just killed may still be about to close its files
  if (below.length > 0) spawnSync("umount", ["-n", "-l", ...below]);
}
