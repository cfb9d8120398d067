import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pino from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lockStateDir } from "../../../src/system/io/state-dir-lock.ts";

const HOLDER = new URL("./state-dir-lock-program.ts", import.meta.url);
const log = pino({ enabled: false });
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-lock-"));
});
afterEach(() => rm(folder, { recursive: true }));

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
