import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { requestDump } from "../../../src/keepalived/io/dump.ts";

let dir: string;
let file: string;
let child: ChildProcess | undefined;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "rk-dump-"));
  file = path.join(dir, "keepalived.json");
});
afterEach(async () => {
  child?.kill("SIGKILL");
  await rm(dir, { recursive: true, force: true });
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
