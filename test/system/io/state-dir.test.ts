import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStateDir } from "../../../src/system/io/state-dir.ts";
import { HARMED_DISKS, mountTmpfs } from "./small-tmpfs.ts";

let folder: string;
beforeEach(async () => {
  folder = path.join(await mkdtemp(path.join(tmpdir(), "rk-state-")), "deep", "state");
});
afterEach(() => rm(path.dirname(path.dirname(folder)), { recursive: true, force: true, maxRetries: 20 }));

it("gives back what was written, to another run too", async () => {
  await (await openStateDir(folder)).write("addresses.json", ["198.51.100.50"]);
  const again = await openStateDir(folder);

  expect(await again.read("addresses.json")).toEqual(["198.51.100.50"]);
  expect(await readdir(folder)).toEqual(["addresses.json"]);
});

it("is root's alone where it is made, and stays as it is where it was there before", async () => {
  await openStateDir(folder);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);

  await chmod(folder, 0o755);
  await openStateDir(folder);
  expect((await stat(folder)).mode & 0o777).toBe(0o755);
});

it("refuses a directory that every user may write to", async () => {
  await openStateDir(folder);
  await chmod(folder, 0o1777);

  await expect(openStateDir(folder)).rejects.toMatchObject({ code: "CONF_UNWRITABLE" });
  expect((await stat(folder)).mode & 0o7777).toBe(0o1777);
});

it.each([
  { who: "another user, who owns it", uid: 65_534, gid: 0, mode: 0o755, says: "its owner, user 65534" },
  { who: "a group", uid: 0, gid: 65_534, mode: 0o775, says: "group 65534" },
])("refuses a directory that $who may write to, also by a link", async ({ uid, gid, mode, says }) => {
  await openStateDir(folder);
  await chmod(folder, mode);
  await chown(folder, uid, gid);
  const link = `${folder}-link`;
  await symlink(folder, link);

  for (const directory of [folder, link]) {
    await expect(openStateDir(directory)).rejects.toMatchObject({
      code: "CONF_UNWRITABLE",
      message: `STATE_DIR ${directory} is writable by ${says}`,
    });
  }
});

it.each([
  { why: "missing", content: undefined },
  { why: "empty", content: "" },
  { why: "cut off", content: '["198.51' },
])("reads a file that is $why as nothing", async ({ content }) => {
  const state = await openStateDir(folder);
  if (content !== undefined) await writeFile(path.join(folder, "applied.json"), content);

  expect(await state.read("applied.json")).toBeUndefined();
});

it("says with a code that the directory cannot be used", async () => {
  const file = path.join(path.dirname(path.dirname(folder)), "file");
  await writeFile(file, "");

  await expect(openStateDir(path.join(file, "state"))).rejects.toMatchObject({ code: "CONF_UNWRITABLE" });
});

describe.each(HARMED_DISKS)("on a disk that is $disk", ({ harm, cause }) => {
  it("keeps the earlier content of a file, leaves no draft, and says why", async () => {
    const disk = await mountTmpfs();
    try {
      const stateDir = await openStateDir(disk.path);
      await stateDir.write("applied.json", ["earlier"]);
      await harm(disk);

      const writing = stateDir.write("applied.json", ["next"]);
      await expect(writing).rejects.toMatchObject({ code: "CONF_UNWRITABLE", cause: { code: cause } });

      expect(await stateDir.read("applied.json")).toEqual(["earlier"]);
      expect((await readdir(disk.path)).filter((name) => name.startsWith("."))).toEqual([]);
      expect(await stateDir.isPresent()).toBe(true);
    } finally {
      await disk.remove();
    }
  });
});

it("does not begin on a disk that is read-only", async () => {
  const disk = await mountTmpfs();
  try {
    await disk.makeReadOnly();
    await expect(openStateDir(disk.path)).rejects.toMatchObject({
      code: "CONF_UNWRITABLE",
      cause: { code: "EROFS" },
    });
  } finally {
    await disk.remove();
  }
});

it("replaces a link in the place of a file, and leaves alone what it leads to", async () => {
  const stateDir = await openStateDir(folder);
  const target = path.join(path.dirname(folder), "precious");
  await writeFile(target, "precious");
  await symlink(target, path.join(folder, "changes.json"));

  await stateDir.write("changes.json", {});

  expect(await readFile(target, "utf8")).toBe("precious");
  expect(await stateDir.read("changes.json")).toEqual({});
});

it("knows whether it is still the directory that was opened", async () => {
  const stateDir = await openStateDir(folder);
  await stateDir.write("addresses.json", []);
  expect(await stateDir.isPresent()).toBe(true);

  await rm(folder, { recursive: true, maxRetries: 20 });
  expect(await stateDir.isPresent()).toBe(false);

  // a file system likes to give a new directory the number that was freed last
  await mkdir(folder);
  expect(await stateDir.isPresent()).toBe(false);
});
