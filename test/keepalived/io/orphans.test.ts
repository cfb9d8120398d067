import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PidFiles, pidFilesIn, startCommand } from "../../../src/keepalived/command.ts";
import { endOrphans } from "../../../src/keepalived/io/orphans.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { gone, type Lab, openLab, pidIn } from "./lab.ts";

let lab: Lab;
let files: PidFiles;
let started: ChildProcess[];
beforeEach(async () => {
  lab = await openLab();
  await lab.writeConf();
  files = pidFilesIn(lab.dir);
  started = [];
});
afterEach(async () => {
  for (const child of started) child.kill("SIGKILL");
  await lab.remove();
});

const end = (graceMs = 1_500) => endOrphans([files.parent, files.vrrp], { log: lab.log, graceMs });

function run(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  started.push(child);
  return child;
}

/** A keepalived as an earlier agent started it, with the pids of its two processes. */
async function startOrphan(): Promise<readonly [parent: number, vrrp: number]> {
  run(...startCommand(lab.conf, lab.dir, true));
  await expect.poll(lab.hasVip).toBe(true);
  return [await pidIn(files.parent), await pidIn(files.vrrp)];
}

async function expectNoPidFiles(): Promise<void> {
  await expect(access(files.parent)).rejects.toThrow("ENOENT");
  await expect(access(files.vrrp)).rejects.toThrow("ENOENT");
}

describe("the keepalived of an earlier agent", () => {
  it("is ended and releases its VIP", async () => {
    const pids = await startOrphan();

    await end();

    expect(await lab.hasVip()).toBe(false);
    await Promise.all(pids.map(gone));
    await expectNoPidFiles();
    expect(lab.logged.map(({ pid }) => pid)).toEqual(expect.arrayContaining([...pids]));
  });

  it.each([
    { hangs: "one process", frozen: [0] },
    { hangs: "the other process", frozen: [1] },
    { hangs: "both", frozen: [0, 1] },
  ])("is killed after the grace where $hangs hangs", async ({ frozen }) => {
    const pids = await startOrphan();
    for (const i of frozen) sendSignal(pids[i]!, "SIGSTOP");

    await end(300);

    await Promise.all(pids.map(gone));
    await expectNoPidFiles();
  });

  it("is ended where only its VRRP process is left", async () => {
    const [parent, vrrp] = await startOrphan();
    sendSignal(vrrp, "SIGSTOP");
    sendSignal(parent, "SIGKILL");
    await gone(parent);

    await end(300);

    await gone(vrrp);
    await expectNoPidFiles();
  });
});

describe("a pid file that names another process", () => {
  it("costs a foreign process nothing, and is removed", async () => {
    const foreign = run("sleep", ["60"]);
    await writeFile(files.parent, `${foreign.pid}\n`);
    await writeFile(files.vrrp, "1\n");

    await end();

    expect(foreign.exitCode ?? foreign.signalCode).toBeNull();
    expect(lab.logged).toEqual([]);
    await expectNoPidFiles();
  });

  it("costs the keepalived of another pid file nothing", async () => {
    const [parent, vrrp] = await startOrphan();
    const mine = `${lab.dir}/mine.pid`;
    await writeFile(mine, `${parent}\n`);

    await endOrphans([mine], { log: lab.log, graceMs: 300 });

    expect(lab.logged).toEqual([]);
    expect(await lab.hasVip()).toBe(true);
    await expect(access(mine)).rejects.toThrow("ENOENT");
    expect([await pidIn(files.parent), await pidIn(files.vrrp)]).toEqual([parent, vrrp]);
  });

  it("of a zombie is removed at once", async () => {
    const shell = run("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"]);
    const [zombie] = await once(createInterface({ input: shell.stdout! }), "line");
    await gone(Number(zombie));
    await writeFile(files.parent, `${zombie}\n`);
    const startMs = performance.now();

    await end(30_000);

    expect(performance.now() - startMs).toBeLessThan(25_000);
    await expectNoPidFiles();
  });

  it.each(["", "0\n", "-1\n", "1 2\n", "4194305\n", "99999999999\n", "keepalived\n"])(
    "with the content %j is removed",
    async (content) => {
      await writeFile(files.parent, content);

      await end();

      await expectNoPidFiles();
      expect(lab.logged).toEqual([]);
    },
  );
});

it("nothing to end is no error", async () => {
  await expect(end()).resolves.toBeUndefined();
});
