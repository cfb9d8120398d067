/** A small disk, mounted for one test, that can be full or read-only. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";

export interface SmallTmpfs {
  readonly path: string;
  /** Leaves no byte of space. */
  fill(): Promise<void>;
  makeReadOnly(): Promise<void>;
  remove(): Promise<void>;
}

export async function mountTmpfs(size = "64k"): Promise<SmallTmpfs> {
  const folder = await mkdtemp(path.join(tmpdir(), "rk-tmpfs-"));
  await execa("mount", ["-t", "tmpfs", "-o", `size=${size},mode=700`, "tmpfs", folder]);
  return {
    path: folder,
    // dd fails when the disk is full, which is the point
    fill: async () => {
      await execa("dd", ["if=/dev/zero", `of=${folder}/filler`, "bs=4096"], { reject: false });
    },
    makeReadOnly: async () => {
      await execa("mount", ["-o", "remount,ro", folder]);
    },
    remove: async () => {
      // lazily: STATE_DIR is held open as long as the process lives
      await execa("umount", ["--lazy", folder]);
      await rm(folder, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}

/** How a disk can be of no use, by words that fit into a test's name. */
export const HARMED_DISKS = [
  { disk: "full", harm: (disk: SmallTmpfs) => disk.fill(), cause: "ENOSPC" },
  { disk: "read-only", harm: (disk: SmallTmpfs) => disk.makeReadOnly(), cause: "EROFS" },
];
