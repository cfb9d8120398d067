import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  watch,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { draftPath, promoteDraft, replaceFile, writeDraft } from "../../../src/system/io/replace-file.ts";
import { isBtrfsThere, mountBtrfs } from "./small-btrfs.ts";

const PRIVATE = { mode: 0o600, isSynced: true };

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "replace-file-"));
  file = path.join(folder, "file");
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));

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

describe("a draft on another disk", () => {
  let draft: string;
  beforeEach(async () => {
    draft = path.join(await mkdtemp("/dev/shm/replace-file-"), "draft");
  });
  afterEach(() => rm(path.dirname(draft), { recursive: true, force: true, maxRetries: 20 }));

  const promote = async (text: string, to = file): Promise<void> => {
    await writeDraft(draft, text, PRIVATE);
    await promoteDraft(draft, to, 0o600);
  };
  const onFullDisk = async (run: () => Promise<void>): Promise<void> => {
    await execa("mount", ["-t", "tmpfs", "-o", "size=8k", "tmpfs", folder]);
    try {
      await run();
    } finally {
      await execa("umount", [folder]);
    }
  };
  const fill = () => writeFile(path.join(folder, "filler"), "x".repeat(100_000)).catch(() => undefined);

  it("replaces the file in one step where there is space for both", async () => {
    await writeFile(file, "one\n");
    const { ino } = await stat(file);

    await promote("two\n");

    expect(await readFile(file, "utf8")).toBe("two\n");
    expect((await stat(file)).ino).not.toBe(ino);
    expect(await readdir(path.dirname(draft))).toEqual([]);
  });

  it("says that a full disk is full where there is no file yet", async () => {
    await onFullDisk(async () => {
      await fill();

      await expect(promote("one\n")).rejects.toMatchObject({ code: "ENOSPC" });

      expect(await readdir(folder)).toEqual(["filler"]);
    });
  });

  it("follows no link on a full disk, and says that it is full", async () => {
    const target = path.join(path.dirname(draft), "precious");
    await writeFile(target, "precious", { mode: 0o644 });
    await onFullDisk(async () => {
      await symlink(target, file);
      await fill();

      await expect(promote("one\n")).rejects.toMatchObject({ code: "ENOSPC" });
    });
    expect(await readFile(target, "utf8")).toBe("precious");
    expect((await stat(target)).mode & 0o777).toBe(0o644);
  });

  it.skipIf(!isBtrfsThere)("leaves the file alone on a full disk that copies on each write", async () => {
    const disk = await mountBtrfs();
    try {
      const onDisk = path.join(disk.path, "file");
      await writeFile(onDisk, "A".repeat(300_000));
      await disk.fill(65_536);

      await expect(promote("B".repeat(300_000), onDisk)).rejects.toMatchObject({ code: "ENOSPC" });

      expect(new Set(await readFile(onDisk, "utf8"))).toEqual(new Set("A"));
      expect((await readdir(disk.path)).filter((name) => name.startsWith("."))).toEqual([]);
    } finally {
      await disk.remove();
    }
  });
});
