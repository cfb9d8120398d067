import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openStateDir } from "../../../src/system/io/state-dir.ts";

let folder: string;
beforeEach(async () => {
  folder = path.join(await mkdtemp(path.join(tmpdir(), "rk-state-")), "deep", "state");
});
afterEach(() => rm(path.dirname(path.dirname(folder)), { recursive: true, force: true }));

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

it("knows whether it is still the directory that was opened", async () => {
  const stateDir = await openStateDir(folder);
  await stateDir.write("addresses.json", []);
  expect(await stateDir.isPresent()).toBe(true);

  await rm(folder, { recursive: true });
  expect(await stateDir.isPresent()).toBe(false);

  // a file system likes to give a new directory the number that was freed last
  await mkdir(folder);
  expect(await stateDir.isPresent()).toBe(false);
});
