/** An agent that is frozen reads nothing of keepalived's log, and keepalived goes on all the same. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { truncate } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { gone, type Lab, openLab, pidIn } from "./lab.ts";

/** More than the kernel keeps for a reader: 208 KiB, of which each line takes 0.75 KiB. */
const LINES = 600;

let lab: Lab;
let agent: ChildProcess | undefined;
beforeEach(async () => {
  lab = await openLab();
  await lab.writeConf();
});
afterEach(async () => {
  agent?.kill("SIGKILL");
  await lab.remove();
});

it("a keepalived whose log is not read still follows its track file", async () => {
  agent = spawn(
    process.execPath,
    [path.join(import.meta.dirname, "agent-stand-in.ts"), lab.conf, lab.dir, lab.reloadCheckLog],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(createInterface({ input: agent.stdout! }), "line");
  const vrrpPid = await pidIn(path.join(lab.dir, "vrrp.pid"));
  await expect.poll(lab.hasVip).toBe(true);

  agent.kill("SIGSTOP");
  for (let line = 0; line < LINES; line += 1) {
    sendSignal(vrrpPid, "SIGUSR2"); // it logs that it prints its statistics
    await sleep(2);
  }
  await truncate(path.join(lab.dir, "ready"));

  await expect.poll(lab.hasVip).toBe(false);
  agent.kill("SIGKILL");
  await gone(vrrpPid);
});
