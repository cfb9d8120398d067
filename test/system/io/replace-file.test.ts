import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, watch, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import { draftPath, promoteDraft, replaceFile, writeDraft } from "../../../src/system/io/replace-file.ts";

const PRIVATE = { mode: 0o600, isSynced: true };

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "replace-file-"));
  file = path.join(folder, "file");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it.each([
  { mode: 0o600, isSynced: true },
  { mode: 0o644, isSynced: false },
])("makes and replaces a file with mode $mode, and leaves no draft", async (options) => {
  await replaceFile(file, "one\n", options);
  await replaceFile(file, "two\n", options);

  expect(await readFile(file, "utf8")).toBe("two\n");
  expect((await lstat(file)).mode & 0o777).toBe(options.mode);
  expect(await readdir(folder)).toEqual(["file"]);
});

it("never shows a reader a part of the content", async () => {
  const texts = ["a", "b"].map((letter) => letter.repeat(200_000));
  await replaceFile(file, texts[0]!, PRIVATE);
  let isOver = false;
  const reading = (async () => {
    while (!isOver) expect(texts).toContain(await readFile(file, "utf8"));
  })();
  for (let count = 0; count < 100; count += 1) await replaceFile(file, texts[count % 2]!, PRIVATE);
  isOver = true;

  await reading;
});

it("shows a watcher of the directory the file only as renamed", async () => {
  const stop = new AbortController();
  const seen: (string | null)[] = [];
  const watching = (async () => {
    for await (const { eventType, filename } of watch(folder, { signal: stop.signal }))
      seen.push(filename === "file" ? eventType : null);
  })().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await replaceFile(file, "one\n", PRIVATE);
  await expect.poll(() => seen).toContain("rename");
  stop.abort();
  await watching;

  expect(seen).not.toContain("change");
});

it("replaces a link itself, not what it leads to", async () => {
  const target = path.join(folder, "target");
  await writeFile(target, "kept\n");
  await symlink(target, file);
  await symlink(target, draftPath(file));
  await replaceFile(file, "new\n", PRIVATE);

  expect(await readFile(target, "utf8")).toBe("kept\n");
  expect((await lstat(file)).isFile()).toBe(true);
  expect(await readFile(file, "utf8")).toBe("new\n");
});

it("takes the place of a draft that an interrupted run left", async () => {
  await writeFile(draftPath(file), "half of a lon", { mode: 0o666 });
  await replaceFile(file, "whole\n", PRIVATE);

  expect(await readFile(file, "utf8")).toBe("whole\n");
  expect((await lstat(file)).mode & 0o777).toBe(0o600);
});

it("keeps the earlier content and leaves no draft where it cannot replace the file", async () => {
  await mkdir(file);
  await expect(replaceFile(file, "new\n", PRIVATE)).rejects.toMatchObject({ code: "EISDIR" });
  expect(await readdir(folder)).toEqual(["file"]);

  const missing = path.join(folder, "missing", "file");
  await expect(replaceFile(missing, "new\n", PRIVATE)).rejects.toMatchObject({ code: "ENOENT" });
});

it("keeps the earlier content on a full disk", async () => {
  await execa("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", folder]);
  try {
    await replaceFile(file, "good\n", PRIVATE);
    await expect(replaceFile(file, "x".repeat(100_000), PRIVATE)).rejects.toMatchObject({ code: "ENOSPC" });

    expect(await readFile(file, "utf8")).toBe("good\n");
    expect(await readdir(folder)).toEqual(["file"]);
  } finally {
    await execa("umount", [folder]);
  }
});

it("writes in place where the file is bind-mounted, and takes it from other readers", async () => {
  const source = path.join(folder, "source");
  await writeFile(source, "earlier and longer\n", { mode: 0o644 });
  await writeFile(file, "");
  await execa("mount", ["--bind", source, file]);
  try {
    await writeDraft(draftPath(file), "new\n", PRIVATE);
    await promoteDraft(draftPath(file), file, 0o600);

    expect(await readFile(source, "utf8")).toBe("new\n");
    expect((await lstat(source)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).toSorted()).toEqual(["file", "source"]);
  } finally {
    await execa("umount", [file]);
  }
});

it("keeps a draft apart until it is promoted", async () => {
  await replaceFile(file, "one\n", PRIVATE);
  const draft = draftPath(file, "candidate");
  await writeDraft(draft, "two\n", PRIVATE);
  expect(await readFile(file, "utf8")).toBe("one\n");
  expect(path.basename(draft)).toBe(".file.candidate");
  expect((await lstat(draft)).mode & 0o777).toBe(0o600);

  await promoteDraft(draft, file, 0o600);
  expect(await readFile(file, "utf8")).toBe("two\n");
  expect(await readdir(folder)).toEqual(["file"]);
});
