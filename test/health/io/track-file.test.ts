import { mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTrackFile } from "../../../src/health/io/track-file.ts";
import { mountTmpfs } from "../../system/io/small-tmpfs.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-track-"));
  file = path.join(folder, "run", "health-main");
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));

const content = () => readFile(file, "utf8");

it("says no when it is opened, also over a yes of an earlier agent, and makes its directory", async () => {
  const earlier = await openTrackFile(file);
  await earlier.set(true);
  expect(await content()).toBe("1\n");

  await openTrackFile(file);

  expect(await content()).toBe("0\n");
});

it("is replaced whole, and nothing else stays in the directory", async () => {
  const track = await openTrackFile(file);
  const { ino } = await stat(file);

  await track.set(true);

  expect((await stat(file)).ino).not.toBe(ino);
  expect(await readdir(path.dirname(file))).toEqual(["health-main"]);
});

it("is written on change only", async () => {
  const track = await openTrackFile(file);
  await track.set(true);
  const { ino, mtimeNs } = await stat(file, { bigint: true });

  await track.set(true);

  expect(await stat(file, { bigint: true })).toMatchObject({ ino, mtimeNs });
});

it("is written again where it may have been deleted", async () => {
  const track = await openTrackFile(file);
  await track.set(true);
  await rm(file);

  track.invalidate();
  await track.set(true);

  expect(await content()).toBe("1\n");
});

it("is left alone where its content is right, even though it may have been changed", async () => {
  const track = await openTrackFile(file);
  await track.set(true);
  const { ino } = await stat(file);

  track.invalidate();
  await track.set(true);

  expect((await stat(file)).ino).toBe(ino);
});

it("ends with the last of many calls, and is whole at every moment", async () => {
  const track = await openTrackFile(file);
  const seen = new Set<string>();
  const calls = Array.from({ length: 200 }, (_, i) => track.set(i % 2 === 0));
  const done = Promise.all(calls).then(() => seen.add("done"));
  while (!seen.has("done")) seen.add(await content());
  await done;

  expect(await content()).toBe("0\n");
  expect([...seen].sort()).toEqual(["0\n", "1\n", "done"]);
});

it("does not follow a link that was put in its place", async () => {
  const target = path.join(folder, "precious");
  await writeFile(target, "precious");
  const track = await openTrackFile(file);
  await rm(file);
  await symlink(target, file);

  await track.set(true);

  expect(await readFile(target, "utf8")).toBe("precious");
  expect(await content()).toBe("1\n");
});

describe("without space on the disk", () => {
  beforeEach(async () => {
    await execa("mkdir", [path.dirname(file)]);
    await execa("mount", ["-t", "tmpfs", "-o", "size=8k", "tmpfs", path.dirname(file)]);
  });
  afterEach(() => execa("umount", [path.dirname(file)]));

  const fill = () =>
    writeFile(path.join(path.dirname(file), "full"), "x".repeat(100_000)).catch(() => undefined);
  const free = () => rm(path.join(path.dirname(file), "full"));

  it("gives up the VIPs, and takes them again, without space", async () => {
    const track = await openTrackFile(file);
    await track.set(true);
    await fill();

    await track.set(false);
    expect(await content()).toBe("0\n");
    await fill();
    await track.set(true);

    expect(await content()).toBe("1\n");
    expect(await readdir(path.dirname(file))).toEqual(["full", "health-main"]);
  });

  it("gives up the VIPs by an empty file where somebody wrote more to it, and takes them again once there is space", async () => {
    const track = await openTrackFile(file);
    await track.set(true);
    await writeFile(file, "1 2 3\n");
    await fill();

    await track.set(false);
    expect(await content()).toBe("");
    await free();
    await track.set(true);

    expect(await content()).toBe("1\n");
    expect(await readdir(path.dirname(file))).toEqual(["health-main"]);
  });

  it("is opened without a file, which says no, so that a new group keeps no other one waiting", async () => {
    await fill();
    const track = await openTrackFile(file);
    await expect(content()).rejects.toMatchObject({ code: "ENOENT" });
    await free();
    await track.set(true);

    expect(await content()).toBe("1\n");
  });

  it("says with a code that it cannot take them where the watchdog emptied it, leaves that, and tries again", async () => {
    const track = await openTrackFile(file);
    await truncate(file);
    await fill();

    await expect(track.set(true)).rejects.toMatchObject({ code: "CONF_UNWRITABLE" });
    expect(await content()).toBe("");
    await free();
    await track.set(true);

    expect(await content()).toBe("1\n");
  });
});

it("says with a code that it cannot say no on a disk that is read-only: the agent ends keepalived then", async () => {
  const disk = await mountTmpfs();
  try {
    const track = await openTrackFile(path.join(disk.path, "health-main"));
    await track.set(true);
    await disk.makeReadOnly();

    const unwritable = { code: "CONF_UNWRITABLE", cause: { code: "EROFS" } };
    await expect(track.set(false)).rejects.toMatchObject(unwritable);
  } finally {
    await disk.remove();
  }
});

it("says with a code that it cannot be opened", async () => {
  const taken = path.join(folder, "file");
  await writeFile(taken, "");

  await expect(openTrackFile(path.join(taken, "health-main"))).rejects.toMatchObject({
    code: "CONF_UNWRITABLE",
  });
});
