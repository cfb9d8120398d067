import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readlink, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { AgentError } from "../../../src/errors.ts";
import { openStateDir, runStateDirCheck } from "../../../src/system/io/state-dir.ts";
import { lockStateDir } from "../../../src/system/io/state-dir-lock.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { mountTmpfs } from "./small-tmpfs.ts";

const HOLDER = new URL("./state-dir-lock-program.ts", import.meta.url);
const log = pino({ enabled: false });
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-lock-"));
});
afterEach(() => rm(folder, { recursive: true, maxRetries: 20 }));

it("is refused while another process has it, and free once that process was killed", async () => {
  const holder = fork(HOLDER, [folder]);
  await once(holder, "message");
  await expect(lockStateDir(folder, log)).rejects.toMatchObject({ code: "STATE_DIR_TAKEN" });

  holder.kill("SIGKILL");
  await once(holder, "exit");
  const unlock = await lockStateDir(folder, log);
  unlock();
});

it("is free again once it was given up", async () => {
  const unlock = await lockStateDir(folder, log);
  await expect(lockStateDir(folder, log)).rejects.toMatchObject({ code: "STATE_DIR_TAKEN" });
  unlock();

  (await lockStateDir(folder, log))();
});

it.each([
  { what: "deleted", act: (file: string) => rm(file) },
  { what: "moved away", act: (file: string) => rename(file, `${file}-old`) },
])("is taken again where its file was $what, and keeps no deleted file open", async ({ act }) => {
  const unlock = await lockStateDir(folder, log);
  await act(path.join(folder, "lock"));
  while (!(await readdir(folder)).includes("lock")) await sleep(50);

  const second = () => lockStateDir(folder, log);
  // the file is there a moment before it is locked
  const isTaken = () =>
    second().then(
      (giveUp) => giveUp(),
      ({ code }: AgentError) => code,
    );
  await expect.poll(isTaken, { interval: 300 }).toBe("STATE_DIR_TAKEN");
  while ((await openFiles()).some((name) => name.startsWith(folder) && !name.endsWith("/lock")))
    await sleep(50);
  unlock();
  (await second())();
  expect((await openFiles()).filter((name) => name.startsWith(folder))).toEqual([]);
});

it("is looked at with its directory, in one look a second while nothing in that changes", async ({
  onTestFinished,
}) => {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const isOfAgent = new AsyncLocalStorage<true>();
  let looks = 0;
  const hook = createHook({
    init: (_id, type) => void (type === "FSREQPROMISE" && isOfAgent.getStore() && looks++),
  });
  const unlock = await isOfAgent.run(true, lockStateDir, folder, log);
  const stateDir = await openStateDir(folder);
  void isOfAgent.run(true, runStateDirCheck, stateDir, stop.signal);
  await utimes(folder, 1, 1);
  await sleep(2_200);
  hook.enable();
  onTestFinished(() => void hook.disable());
  const sinceMs = performance.now();
  await sleep(3_200);

  expect(looks).toBeLessThanOrEqual(2 + (performance.now() - sinceMs) / 1_000);
  expect(looks).toBeGreaterThan(0);
  await rm(path.join(folder, "lock"));
  while (!(await readdir(folder)).includes("lock")) await sleep(50);
  unlock();
});

it("says so where another agent has the file that replaced the one of the lock", async () => {
  const other = path.join(folder, "other");
  const holder = spawn("flock", [other, "sh", "-c", "echo locked; exec sleep 60"], { detached: true });
  await once(holder.stdout, "data");
  const lines: string[] = [];
  const unlock = await lockStateDir(folder, pino({ level: "warn" }, { write: (line) => lines.push(line) }));
  await rename(other, path.join(folder, "lock"));

  while (lines.length === 0) await sleep(50);
  expect(JSON.parse(lines[0]!)).toMatchObject({ code: "STATE_DIR_TAKEN" });
  unlock();
  sendSignal(-holder.pid!, "SIGKILL");
});

/** What this process has open. A deleted file has ` (deleted)` after its name. */
async function openFiles(): Promise<string[]> {
  const numbers = await readdir("/proc/self/fd");
  return Promise.all(numbers.map((one) => readlink(`/proc/self/fd/${one}`).catch(() => "")));
}

it("keeps another agent out on a full disk, too", async () => {
  const disk = await mountTmpfs();
  try {
    const unlock = await lockStateDir(disk.path, log);
    await disk.fill();
    await expect(lockStateDir(disk.path, log)).rejects.toMatchObject({ code: "STATE_DIR_TAKEN" });
    unlock();
  } finally {
    await disk.remove();
  }
});

it("is taken later where the machine was too busy for it at first", async () => {
  const bin = path.join(folder, "bin");
  await mkdir(bin);
  await writeFile(path.join(bin, "flock"), "#!/bin/sh\nexit 75\n", { mode: 0o755 });
  vi.stubEnv("PATH", bin);
  const unlock = await lockStateDir(folder, log);
  vi.unstubAllEnvs();

  const another = () =>
    lockStateDir(folder, log).then(
      (giveUp) => giveUp(),
      ({ code }: AgentError) => code,
    );
  await expect.poll(another, { interval: 300 }).toBe("STATE_DIR_TAKEN");
  unlock();
  await expect.poll(another, { interval: 300 }).toBeUndefined();
});

it("follows no link, and says that the directory cannot be locked", async () => {
  const lines: string[] = [];
  const elsewhere = path.join(folder, "elsewhere");
  await symlink(elsewhere, path.join(folder, "lock"));

  const unlock = await lockStateDir(folder, pino({ level: "warn" }, { write: (line) => lines.push(line) }));
  unlock();

  expect(lines.join("")).toContain("STATE_DIR cannot be locked");
  expect(await readdir(folder)).toEqual(["lock"]);
});
