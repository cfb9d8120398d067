import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { prepareDumps, removeDumps, requestDump } from "../../../src/keepalived/io/dump.ts";

let dir: string;
let file: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "rk-dump-"));
  file = path.join(dir, "keepalived.json");
});
afterEach(async () => {
  child?.kill("SIGKILL");
  await rm(dir, { recursive: true, force: true, maxRetries: 20 });
});

/** Asks a shell that does this on the signal, in a folder of its own, and waits for nothing else. */
async function ask(onSignal: string) {
  const script = `cd ${dir}; trap '${onSignal}' USR1; echo ready; while :; do sleep 0.01; done`;
  const process = spawn("bash", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  child = process;
  await once(process.stdout, "data");
  const isRunning = () => process.exitCode === null && process.signalCode === null;
  return requestDump({ pid: process.pid ?? 0, signalNumber: constants.signals.SIGUSR1, file, isRunning });
}

it("is asked for anew: what was there from before is no answer", async () => {
  await writeFile(file, "[]");

  await expect(ask(":")).rejects.toMatchObject({ code: "KEEPALIVED_SILENT" });
});

it("is waited for until it is written to its end", async () => {
  expect(await ask("printf [ > keepalived.json; sleep 0.1; printf ] >> keepalived.json")).toEqual([]);
});

it("is written even where the directory of the dumps was deleted", async () => {
  file = path.join(dir, "gone", "keepalived.json");

  expect(await ask("printf [] > gone/keepalived.json")).toEqual([]);
});

it("does not come from a keepalived that ends instead", async () => {
  expect(await ask("exit 0")).toBeUndefined();
});

it("is not asked for where an earlier one cannot be removed", async () => {
  file = "/proc/self/status";

  await expect(ask(":")).rejects.toMatchObject({ code: "STATE_UNREADABLE" });
});

it("is written to STATE_DIR where there is no memory for it", async () => {
  const { dumpDir } = await prepareDumps(dir, { memory: path.join(dir, "missing") });

  expect(dumpDir).toBe(`${dir}/dump`);
  removeDumps({ dumpDir });
  expect(await readdir(dir)).toEqual([]);
});

it("is written through no link that somebody put in memory, and not beside what an earlier run left", async () => {
  const memory = path.join(dir, "memory");
  const precious = path.join(dir, "precious");
  for (const folder of [memory, precious]) await mkdir(folder);
  await writeFile(path.join(precious, "file"), "");
  const { dumpDir } = await prepareDumps(dir, { memory });
  await rm(dumpDir, { recursive: true, maxRetries: 20 });
  await symlink(precious, dumpDir);

  expect((await prepareDumps(dir, { memory })).dumpDir).toBe(dumpDir);
  expect((await lstat(dumpDir)).isDirectory()).toBe(true);
  await writeFile(path.join(dumpDir, "keepalived.json"), "half");
  await prepareDumps(dir, { memory });

  expect((await stat(dumpDir)).mode & 0o777).toBe(0o700);
  expect(await readdir(dumpDir)).toEqual([]);
  expect(await readdir(precious)).toEqual(["file"]);
});
