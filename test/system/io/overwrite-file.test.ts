import { lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import { HalfWrittenError, overwriteFile } from "../../../src/system/io/overwrite-file.ts";
import { isBtrfsThere, mountBtrfs } from "./small-btrfs.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-overwrite-"));
  file = path.join(folder, "file");
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));

it("replaces the content and the mode, and keeps the file", async () => {
  await writeFile(file, "earlier and longer\n", { mode: 0o644 });
  const { ino } = await stat(file);

  await overwriteFile(file, Buffer.from("new\n"), 0o600);

  expect(await readFile(file, "utf8")).toBe("new\n");
  expect(await stat(file)).toMatchObject({ ino });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it("follows no link: neither content nor mode of what it leads to changes", async () => {
  const target = path.join(folder, "precious");
  await writeFile(target, "precious", { mode: 0o644 });
  await symlink(target, file);

  await expect(overwriteFile(file, Buffer.from("new\n"), 0o600)).rejects.toMatchObject({ code: "ELOOP" });

  expect(await readFile(target, "utf8")).toBe("precious");
  expect((await lstat(target)).mode & 0o777).toBe(0o644);
});

it.each([
  { what: "directory", make: () => mkdir(file) },
  { what: "FIFO", make: () => execa("mkfifo", [file]) },
])("refuses a $what", async ({ make }) => {
  await make();

  await expect(overwriteFile(file, Buffer.from("new\n"), 0o600)).rejects.toThrow();
});

it("writes the earlier content back where a longer one has no space", async () => {
  await execa("mount", ["-t", "tmpfs", "-o", "size=8k", "tmpfs", folder]);
  try {
    await writeFile(file, "good\n");
    const writing = overwriteFile(file, Buffer.from("x".repeat(50_000)), 0o600);
    await expect(writing).rejects.toMatchObject({ code: "ENOSPC" });

    expect(await readFile(file, "utf8")).toBe("good\n");
  } finally {
    await execa("umount", [folder]);
  }
});

it.skipIf(!isBtrfsThere)("names a file that holds a part, on a disk that copies on each write", async () => {
  const disk = await mountBtrfs();
  try {
    const onDisk = path.join(disk.path, "file");
    await writeFile(onDisk, "A".repeat(300_000));
    await disk.fill(65_536);

    const next = Buffer.from("B".repeat(300_000));
    const error = await overwriteFile(onDisk, next, 0o600).catch((reason: unknown) => reason);

    // a kernel that finds the space after all writes the earlier text back: Linux 6.18 does not
    const isHalf = (await readFile(onDisk, "utf8")) !== "A".repeat(300_000);
    expect(error instanceof HalfWrittenError).toBe(isHalf);
    const full = { code: "ENOSPC" };
    expect(error).toMatchObject(isHalf ? { code: "CONF_UNWRITABLE", cause: full } : full);
    await disk.free();
    await overwriteFile(onDisk, next, 0o600);
    expect(await readFile(onDisk)).toEqual(next);
  } finally {
    await disk.remove();
  }
});
