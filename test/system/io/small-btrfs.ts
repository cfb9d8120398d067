/**
 * A small disk of btrfs, which copies on each write: to write over a text takes space there. Where this machine has no
 * mkfs.btrfs, no loop devices or no such kernel, its tests are skipped.
 */
import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";

export interface SmallBtrfs {
  /** The directory where it is mounted. */
  readonly path: string;
  /** Fills it, so that about this many bytes are left. */
  fill(freeBytes: number): Promise<void>;
  /** Makes space again. */
  free(): Promise<void>;
  remove(): Promise<void>;
}

export async function mountBtrfs(): Promise<SmallBtrfs> {
  const folder = await mkdtemp(path.join(tmpdir(), "rk-btrfs-"));
  const [image, mounted] = [path.join(folder, "image"), path.join(folder, "mounted")];
  const remove = async () => {
    await execa("umount", ["--lazy", mounted], { reject: false });
    await rm(folder, { recursive: true, force: true, maxRetries: 20 });
  };
  try {
    await mkdir(mounted);
    await writeFile(image, "");
    await truncate(image, 16 * 1024 * 1024);
    await execa("mkfs.btrfs", ["--quiet", "--mixed", image]);
    await execa("mount", ["-o", "loop", image, mounted]);
  } catch (error) {
    await remove();
    throw error;
  }
  const filler = path.join(mounted, "filler");
  return {
    path: mounted,
    fill: async (freeBytes) => {
      const ballast = path.join(mounted, "ballast");
      await writeFile(ballast, "b".repeat(freeBytes));
      // dd fails when the disk is full, which is the point; the second one takes what the first one left
      const fill = `sync; dd if=/dev/zero of=${filler} bs=1M; sync; dd if=/dev/zero of=${filler}2 bs=4k; sync; rm ${ballast}; sync`;
      await execa("sh", ["-c", fill]);
    },
    free: async () => {
      await rm(filler);
      await execa("sync", ["--file-system", mounted]);
    },
    remove,
  };
}

/** Whether one can be mounted here. */
export const isBtrfsThere: boolean = await mountBtrfs().then(
  async ({ remove }) => {
    await remove();
    return true;
  },
  () => false,
);
