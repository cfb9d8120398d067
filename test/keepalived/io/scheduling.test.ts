/** The scheduling of a real keepalived: with real-time priority where this machine allows it, and where it is refused. */
import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningKeepalived, startKeepalived } from "../../../src/keepalived/io/daemon.ts";
import { createScheduling } from "../../../src/keepalived/io/scheduling.ts";
import type { SchedulingStatus } from "../../../src/keepalived/scheduling.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { type Lab, openLab, pidIn } from "./lab.ts";

const PROGRAM = fileURLToPath(new URL("./scheduling-program.ts", import.meta.url));
const RELOADS = 20;
/** A kernel with RT_GROUP_SCHED, or a container, may refuse it. */
const isAllowed = spawnSync("chrt", ["-r", "10", "true"]).status === 0;

let lab: Lab;
let running: RunningKeepalived | undefined;
let statuses: SchedulingStatus[];
beforeEach(async () => {
  lab = await openLab();
  statuses = [];
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await lab.remove();
});

async function start(wantsRealtime = true): Promise<RunningKeepalived> {
  const onStatus = (status: SchedulingStatus) => statuses.push(status);
  const scheduling = createScheduling({ isWanted: wantsRealtime, onStatus, log: lab.log });
  running = await startKeepalived({
    conf: lab.conf,
    runDir: lab.dir,
    reloadCheckLog: lab.reloadCheckLog,
    wantsRealtime,
    log: lab.log,
    onLine: (line) => {
      if (line.kind === "vrrp-process-started") void scheduling.apply(line.pid);
    },
    signal: new AbortController().signal,
  });
  return running;
}

const vrrpPid = () => pidIn(path.join(lab.dir, "vrrp.pid"));

/** `SCHED_RR|SCHED_RESET_ON_FORK 10`: policy and priority. */
async function policyOf(pid: number): Promise<string> {
  const { stdout } = await execa("chrt", ["-p", String(pid)]);
  return [...stdout.matchAll(/: (\S+)$/gm)].map(([, value]) => value).join(" ");
}

describe.skipIf(!isAllowed)("real-time priority", () => {
  it("is kept over reloads and a VRRP process that is started again, and what that one starts has none", async () => {
    const ofScript = path.join(lab.dir, "policy-of-script");
    const script = path.join(lab.dir, "on-master");
    await writeFile(script, `#!/bin/sh\nchrt -p $$ >${ofScript}.draft; mv ${ofScript}.draft ${ofScript}\n`, {
      mode: 0o755,
    });
    await lab.writeConf((text) => text.replace("nopreempt\n", `nopreempt\n  notify_master ${script}\n`));
    const keepalived = await start();
    await expect.poll(() => statuses).toEqual([{ phase: "realtime" }]);

    for (let reload = 0; reload < RELOADS; reload += 1) await keepalived.reload();
    expect(await policyOf(keepalived.pid)).toBe("SCHED_RR 10");
    const first = await vrrpPid();
    expect(await policyOf(first)).toBe("SCHED_RR|SCHED_RESET_ON_FORK 10");

    sendSignal(first, "SIGKILL");
    await expect.poll(() => statuses.length, { timeout: 10_000 }).toBe(2);
    const second = await vrrpPid();
    expect(second).not.toBe(first);
    expect(await policyOf(second)).toBe("SCHED_RR|SCHED_RESET_ON_FORK 10");

    await expect
      .poll(() => readFile(ofScript, "utf8").catch(() => ""), { timeout: 10_000 })
      .toContain("SCHED_OTHER");
    const said = lab.logged.filter(({ msg }) => msg === "keepalived's scheduling is set");
    expect(said).toHaveLength(1);
  });
});

it("real-time priority is not set where it is not wanted", async () => {
  await lab.writeConf();
  const keepalived = await start(false);

  await expect.poll(() => statuses).toEqual([{ phase: "normal" }]);
  expect([await policyOf(keepalived.pid), await policyOf(await vrrpPid())]).toEqual([
    "SCHED_OTHER 0",
    "SCHED_OTHER 0",
  ]);
});

it("real-time priority is refused to an agent without SYS_NICE, which says so once, and whose keepalived runs all the same", async () => {
  await lab.writeConf();

  const { stdout } = await execa("setpriv", [
    ...["--bounding-set", "-sys_nice", "--inh-caps", "-sys_nice"],
    ...[process.execPath, PROGRAM, lab.conf, lab.dir, lab.reloadCheckLog],
  ]);

  const { instances, policy, statuses: seen, warnings } = JSON.parse(stdout);
  expect(instances).toEqual(["main"]);
  expect(policy).toBe("0");
  expect(seen).toEqual([
    { phase: "refused", reason: "the capability SYS_NICE is missing", hint: expect.any(String) },
  ]);
  expect(warnings).toEqual(["keepalived runs without real-time priority"]);
});

it("is no reason not to start where there is no chrt", async () => {
  await lab.writeConf();
  await lab.onlyPrograms("sh", "dd", "setpriv", "nsenter", "keepalived");

  const keepalived = await start();

  expect(await keepalived.dump()).toMatchObject([{ instance: "main" }]);
  await expect.poll(() => statuses).toMatchObject([{ phase: "refused", reason: "chrt cannot be found" }]);
});
