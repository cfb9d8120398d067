import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  discardCandidate,
  keepRejected,
  promoteCandidate,
  readConf,
  writeCandidate,
} from "../../../src/conf/io/conf-file.ts";
import { mountTmpfs } from "../../system/io/small-tmpfs.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-conf-"));
  file = path.join(folder, "etc", "keepalived.conf");
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));

it("makes the directory, and leaves nothing but the file", async () => {
  expect(await readConf(file)).toBeUndefined();
  await promoteCandidate(await writeCandidate(file, "one\n"), file);
  await promoteCandidate(await writeCandidate(file, "two\n"), file);

  expect(await readConf(file)).toBe("two\n");
  expect(await readdir(path.dirname(file))).toEqual(["keepalived.conf"]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it("does not follow a link that was put in the candidate's place", async () => {
  await promoteCandidate(await writeCandidate(file, "one\n"), file);
  const target = path.join(folder, "precious");
  await writeFile(target, "precious");
  await symlink(target, path.join(path.dirname(file), ".keepalived.conf.candidate"));

  await promoteCandidate(await writeCandidate(file, "two\n"), file);

  expect(await readFile(target, "utf8")).toBe("precious");
  expect(await readConf(file)).toBe("two\n");
});

it("replaces the content of a file that is a mount point", async () => {
  const source = path.join(folder, "source");
  await writeFile(source, "mounted\n", { mode: 0o644 });
  await promoteCandidate(await writeCandidate(file, "one\n"), file);
  await execa("mount", ["--bind", source, file]);
  try {
    await promoteCandidate(await writeCandidate(file, "two\n"), file);

    expect(await readFile(source, "utf8")).toBe("two\n");
    expect((await stat(source)).mode & 0o777).toBe(0o600);
  } finally {
    await execa("umount", [file]);
  }
  expect(await readConf(file)).toBe("one\n");
});

/** Runs with a keepalived.conf that takes all space of its disk. */
async function onFullDisk(run: (conf: string) => Promise<void>): Promise<void> {
  const small = path.join(folder, "small");
  await mkdir(small);
  await execa("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", small]);
  try {
    const conf = path.join(small, "keepalived.conf");
    await promoteCandidate(await writeCandidate(conf, "good and longer\n"), conf);
    await run(conf);
  } finally {
    await execa("umount", [small]);
  }
}

it("writes a text on a full disk that fits into the space of the one in force", async () => {
  await onFullDisk(async (conf) => {
    for (const text of ["x".repeat(4_000), "good\n"]) {
      const candidate = await writeCandidate(conf, text);
      expect((await stat(candidate)).mode & 0o777).toBe(0o600);
      await promoteCandidate(candidate, conf);
      expect(await readConf(conf)).toBe(text);
    }
    expect((await stat(conf)).mode & 0o777).toBe(0o600);
    expect(await readdir(path.dirname(conf))).toEqual(["keepalived.conf"]);
  });
});

it("says with a code that there is no space, and keeps the text in force", async () => {
  await onFullDisk(async (conf) => {
    const candidate = await writeCandidate(conf, "x".repeat(100_000));
    await expect(promoteCandidate(candidate, conf)).rejects.toMatchObject({ code: "CONF_UNWRITABLE" });

    expect(await readConf(conf)).toBe("good and longer\n");
    await expect(stat(candidate)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

it("says that a full disk is full where there is no file yet", async () => {
  await onFullDisk(async (conf) => {
    await rm(conf);
    await writeFile(path.join(path.dirname(conf), "filler"), "x".repeat(4_096));

    const promoting = writeCandidate(conf, "first\n").then((candidate) => promoteCandidate(candidate, conf));
    await expect(promoting).rejects.toMatchObject({ code: "CONF_UNWRITABLE", cause: { code: "ENOSPC" } });
  });
});

it("says with a code that the disk is read-only, and keeps the text in force", async () => {
  const disk = await mountTmpfs();
  try {
    const conf = path.join(disk.path, "keepalived.conf");
    await promoteCandidate(await writeCandidate(conf, "good\n"), conf);
    await disk.makeReadOnly();

    await expect(writeCandidate(conf, "next\n")).rejects.toMatchObject({
      code: "CONF_UNWRITABLE",
      cause: { code: "EROFS" },
    });
    expect(await readConf(conf)).toBe("good\n");
  } finally {
    await disk.remove();
  }
});

it("follows no link that was put in the place of a refused candidate", async () => {
  const target = path.join(folder, "precious");
  const destination = path.join(folder, "rejected.conf");
  await writeFile(target, "precious");
  await symlink(target, destination);

  await keepRejected("bad\n", destination);

  expect(await readFile(target, "utf8")).toBe("precious");
  expect(await readFile(destination, "utf8")).toBe("bad\n");
});

it("keeps a refused candidate for inspection", async () => {
  const candidate = await writeCandidate(file, "bad\n");
  const destination = path.join(folder, "rejected.conf");
  await keepRejected("bad\n", destination);
  await discardCandidate(candidate);

  expect(await readFile(destination, "utf8")).toBe("bad\n");
  expect((await stat(destination)).mode & 0o777).toBe(0o600);
  expect(await readdir(path.dirname(file))).toEqual([]);
});
