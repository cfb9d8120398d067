import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type RunningKeepalived, startKeepalived } from "../../../src/keepalived/io/daemon.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { HARMED_DISKS, mountTmpfs } from "../../system/io/small-tmpfs.ts";
import { gone, type Lab, openLab, pidIn, VIP } from "./lab.ts";

let lab: Lab;
let running: RunningKeepalived | undefined;
beforeEach(async () => {
  lab = await openLab();
  await lab.writeConf();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await lab.remove();
});

async function start(runDir = lab.dir, reloadCheckLog = lab.reloadCheckLog): Promise<RunningKeepalived> {
  running = await startKeepalived({
    conf: lab.conf,
    runDir,
    reloadCheckLog,
    log: lab.log,
    signal: new AbortController().signal,
  });
  return running;
}

/** Where keepalived writes its dumps. */
async function dumpDirOf(pid: number): Promise<string> {
  const environment = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0");
  return environment.find((entry) => entry.startsWith("TMPDIR="))?.slice("TMPDIR=".length) ?? "none";
}

const becomesMaster = () => expect.poll(lab.hasVip).toBe(true);
const messages = () => lab.logged.filter(({ level }) => level !== 20).map(({ msg }) => msg);

describe("a keepalived that runs", () => {
  it("reports its state from the start, and takes the VIP", async () => {
    const keepalived = await start();

    expect(await keepalived.dump()).toMatchObject([
      { instance: "main", virtualRouterId: 51, priority: 240, advertIntervalSeconds: 0.2, vips: [VIP] },
    ]);
    await becomesMaster();
    expect(await keepalived.dump()).toMatchObject([{ state: "MASTER", vipsSet: true }]);
    // Two processes write the first two lines, in no certain order.
    await expect
      .poll(() => messages().sort())
      .toEqual(["keepalived entered backup", "keepalived entered master", "keepalived started"]);
  });

  it("keeps the VIP over a reload, reports the state after it, and answers calls that come at once", async () => {
    const keepalived = await start();
    await becomesMaster();
    await lab.writeConf((text) => text.replace("priority 240", "priority 230"));

    const states = await keepalived.reload();

    expect(states).toMatchObject([{ state: "MASTER", priority: 230, stats: { release_master: 0 } }]);
    expect(await lab.hasVip()).toBe(true);
    const answers = await Promise.all([
      keepalived.reload(),
      keepalived.dump(),
      keepalived.reload(),
      keepalived.dump(),
    ]);
    expect(answers.map(([state]) => state?.instance)).toEqual(["main", "main", "main", "main"]);
  });

  it("goes on with its old conf where the new one is refused, and says why", async () => {
    const keepalived = await start();
    await lab.writeConf((text) => text.replaceAll("eth0", "nope0"));

    await expect(keepalived.reload()).rejects.toMatchObject({
      code: "CONF_REJECTED",
      message: expect.stringContaining("interface nope0 for vrrp_instance main doesn't exist"),
    });

    expect(await keepalived.dump()).toMatchObject([{ instance: "main" }]);
    await lab.writeConf();
    expect(await keepalived.reload()).toMatchObject([{ instance: "main" }]);
  });

  it("does not take a reload for done whose check keepalived gave up, and reads the file at the next one", async () => {
    const keepalived = await start(lab.dir, path.join(lab.dir, "of no use"));
    // the check waits for a reader of its log
    await execa("mkfifo", [lab.reloadCheckLog]);
    await lab.writeConf((text) => text.replace("priority 240", "priority 230"));

    await expect(keepalived.reload()).rejects.toMatchObject({
      code: "RELOAD_UNCONFIRMED",
      message: expect.stringContaining("could not check its new configuration in time"),
    });
    expect(await keepalived.dump()).toMatchObject([{ priority: 240 }]);

    await rm(lab.reloadCheckLog);
    expect(await keepalived.reload()).toMatchObject([{ priority: 230 }]);
  });

  it.each(["keepalived.pid", "vrrp.pid"])(
    "does not answer while %s is stopped, is found so, and goes on",
    async (pidFile) => {
      const keepalived = await start();
      const pid = await pidIn(path.join(lab.dir, pidFile));
      expect(keepalived.findStopped()).toEqual([]);
      sendSignal(pid, "SIGSTOP");

      await expect(keepalived.dump()).rejects.toMatchObject({ code: "KEEPALIVED_HUNG" });
      expect(keepalived.findStopped()).toEqual([pid]);
      keepalived.continueStopped();

      expect(await keepalived.dump()).toMatchObject([{ instance: "main" }]);
      expect(keepalived.findStopped()).toEqual([]);
    },
  );

  it("answers, and is silent all the same, where it cannot write its state", async () => {
    const answer = "Printing VRRP as json for process(1) on signal";
    const goOn = `trap 'echo "${answer}"' USR1; echo "Startup complete"; while :; do sleep 0.05; done`;
    await lab.standIn(`[ "$1" = --signum=JSON ] && echo 10 && exit; ${goOn}`);
    const keepalived = await start();
    expect(keepalived.dumpAtStart).toEqual([]);

    await expect(keepalived.dump()).rejects.toMatchObject({ code: "KEEPALIVED_SILENT" });
  });

  it.each(HARMED_DISKS)("says what it runs on a disk that is $disk", async ({ harm }) => {
    const disk = await mountTmpfs();
    try {
      const keepalived = await start(disk.path);
      await harm(disk);
      await lab.writeConf((text) => text.replace("virtual_router_id 51", "virtual_router_id 52"));

      expect(await keepalived.reload()).toMatchObject([{ instance: "main", virtualRouterId: 52 }]);
      const dumps = await dumpDirOf(keepalived.pid);
      await keepalived.stop();
      await expect(stat(dumps)).rejects.toMatchObject({ code: "ENOENT" });
    } finally {
      await running?.stop();
      await disk.remove();
    }
  });

  it.each(HARMED_DISKS)(
    "refuses a reload also where it cannot write why: the disk is $disk",
    async ({ harm }) => {
      const disk = await mountTmpfs();
      try {
        const reasons = path.join(disk.path, "reload-check.log");
        const onDisk = (text: string) => text.replace(lab.reloadCheckLog, reasons);
        await lab.writeConf(onDisk);
        const keepalived = await start(lab.dir, reasons);
        await harm(disk);
        await lab.writeConf((text) => onDisk(text).replaceAll("eth0", "nope0"));

        await expect(keepalived.reload()).rejects.toMatchObject({ code: "CONF_REJECTED" });
        expect(await keepalived.dump()).toMatchObject([{ instance: "main" }]);
      } finally {
        await running?.stop();
        await disk.remove();
      }
    },
  );

  it("starts on a full disk, and not on one that is read-only, where no track file could say no", async () => {
    const disk = await mountTmpfs();
    try {
      await disk.fill();
      expect((await start(disk.path)).dumpAtStart).toMatchObject([{ instance: "main" }]);
      await running?.stop();
      running = undefined;

      await disk.makeReadOnly();
      await expect(start(disk.path)).rejects.toMatchObject({ code: "KEEPALIVED_EXITED" });
    } finally {
      await running?.stop();
      await disk.remove();
    }
  });

  it("tells why it refused a reload in a file that is no link", async () => {
    const keepalived = await start();
    const target = path.join(lab.dir, "precious");
    await writeFile(target, "precious");
    await symlink(target, lab.reloadCheckLog);
    await lab.writeConf((text) => text.replaceAll("eth0", "nope0"));

    await expect(keepalived.reload()).rejects.toMatchObject({
      code: "CONF_REJECTED",
      message: expect.stringContaining("interface nope0 for vrrp_instance main doesn't exist"),
    });
    expect(await readFile(target, "utf8")).toBe("precious");
  });

  it("goes on with what it runs where its VRRP process is killed while the file holds a part", async () => {
    const keepalived = await start();
    await becomesMaster();
    const pid = await pidIn(path.join(lab.dir, "vrrp.pid"));
    await lab.writeConf((text) => text.slice(0, text.indexOf("vrrp_instance")));
    sendSignal(pid, "SIGKILL");
    await gone(pid);

    await expect.poll(() => keepalived.dump()).toMatchObject([{ instance: "main", virtualRouterId: 51 }]);
  });

  it("hides its dumps from others, and gets no secret of the agent's environment", async () => {
    vi.stubEnv("AUTH_PASS", "secret");

    const { pid } = await start();

    const dumps = await dumpDirOf(pid);
    expect((await stat(dumps)).mode & 0o777).toBe(0o700);
    expect(await readdir(dumps)).toEqual([]);
    const environment = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0");
    const names = environment.map((entry) => entry.split("=")[0]).filter(Boolean);
    expect(names).toEqual(expect.arrayContaining(["LC_ALL", "PATH", "TMPDIR"]));
    expect(names).not.toContain("AUTH_PASS");
  });

  it("logs a complaint once and its repeats at debug", async () => {
    const keepalived = await start();
    await becomesMaster();
    for (let i = 0; i < 2; i++) {
      await lab.writeConf((text) => text.replace("priority 240", "nonsense 240"));
      await keepalived.reload().catch(() => undefined);
    }

    const refusals = () => lab.logged.filter(({ msg }) => msg === "keepalived refused to reload");
    await expect.poll(() => refusals().map(({ level }) => level)).toEqual([40, 20]);
  });
});

describe("the end of keepalived", () => {
  it("by stop() releases the VIP and leaves no process", async () => {
    const keepalived = await start();
    const vrrpPid = await pidIn(path.join(lab.dir, "vrrp.pid"));
    await becomesMaster();

    const exit = await keepalived.stop();

    expect(exit).toMatchObject({ exitCode: 0, signal: undefined });
    expect(exit.uptimeMs).toBeGreaterThan(500);
    expect(await lab.hasVip()).toBe(false);
    await gone(vrrpPid);
    expect(await keepalived.stop()).toBe(exit);
  });

  it.each(["keepalived.pid", "vrrp.pid"])(
    "by stop() needs less than Docker's 10 s where %s hangs",
    async (pidFile) => {
      const keepalived = await start();
      const pids = [keepalived.pid, await pidIn(path.join(lab.dir, "vrrp.pid"))];
      sendSignal(await pidIn(path.join(lab.dir, pidFile)), "SIGSTOP");
      const startMs = performance.now();

      await keepalived.stop();

      expect(performance.now() - startMs).toBeLessThan(10_000);
      await Promise.all(pids.map(gone));
    },
  );

  it("by stop() releases the VIP even where its parent process hangs", async () => {
    const keepalived = await start();
    await becomesMaster();
    sendSignal(keepalived.pid, "SIGSTOP");

    const exit = await keepalived.stop();

    expect(exit.signal).toBe("SIGKILL");
    expect(await lab.hasVip()).toBe(false);
  });

  it("by a conf that it cannot run is reported with its reasons, also to later calls", async () => {
    await lab.writeConf((text) => text.replace(/reload_check_config.*/, ""));
    const keepalived = await start();
    await lab.writeConf((text) => text.replace(/reload_check_config.*/, "").replaceAll("eth0", "nope0"));

    await expect(keepalived.reload()).rejects.toMatchObject({
      code: "KEEPALIVED_EXITED",
      message: expect.stringMatching(
        /^keepalived ended with exit code 2 on reload: .*nope0.*permanent error/,
      ),
    });

    expect(await keepalived.exited).toMatchObject({ exitCode: 2 });
    await expect(keepalived.dump()).rejects.toMatchObject({ code: "KEEPALIVED_EXITED" });
    await expect(keepalived.reload()).rejects.toMatchObject({ code: "KEEPALIVED_EXITED" });
    expect(await keepalived.stop()).toMatchObject({ exitCode: 2 });
  });

  it("by kill() takes its hanging VRRP process along, and leaves the VIP to be removed", async () => {
    const keepalived = await start();
    const vrrpPid = await pidIn(path.join(lab.dir, "vrrp.pid"));
    await becomesMaster();
    sendSignal(vrrpPid, "SIGSTOP");

    keepalived.kill();

    expect(await keepalived.exited).toMatchObject({ signal: "SIGKILL" });
    await gone(vrrpPid);
    expect(await lab.hasVip()).toBe(true);
  });

  it("by SIGKILL takes its hanging VRRP process along", async () => {
    const keepalived = await start();
    const vrrpPid = await pidIn(path.join(lab.dir, "vrrp.pid"));
    sendSignal(vrrpPid, "SIGSTOP");
    sendSignal(keepalived.pid, "SIGKILL");

    expect(await keepalived.exited).toMatchObject({ exitCode: undefined, signal: "SIGKILL" });
    await gone(vrrpPid);
  });

  it("comes with the agent's, by SIGKILL too, and releases the VIP", async () => {
    const agent = spawn(
      process.execPath,
      [path.join(import.meta.dirname, "agent-stand-in.ts"), lab.conf, lab.dir, lab.reloadCheckLog],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [line] = await once(createInterface({ input: agent.stdout }), "line");
    const vrrpPid = await pidIn(path.join(lab.dir, "vrrp.pid"));
    await becomesMaster();

    agent.kill("SIGKILL");

    await expect.poll(lab.hasVip).toBe(false);
    await Promise.all([gone(Number(line)), gone(vrrpPid)]);
  });
});

describe("a start that fails", () => {
  it("for a conf that keepalived cannot run reports its reasons", async () => {
    await lab.writeConf((text) => text.replaceAll("eth0", "nope0"));

    await expect(start()).rejects.toMatchObject({
      code: "KEEPALIVED_EXITED",
      message: expect.stringMatching(/^keepalived ended with exit code 2 before it had started: .*nope0/),
    });
  });

  it("for a pid file that names a live process says so, although keepalived exits with 0", async () => {
    await writeFile(path.join(lab.dir, "keepalived.pid"), "1\n");

    await expect(start()).rejects.toMatchObject({
      code: "KEEPALIVED_EXITED",
      message: "keepalived ended with exit code 0 before it had started: daemon is already running",
    });
  });

  it.each([
    { absent: "keepalived", present: "setpriv" },
    { absent: "setpriv", present: "keepalived" },
  ])("for an absent $absent is told as such", async ({ present }) => {
    await lab.onlyPrograms(present);

    await expect(start()).rejects.toMatchObject({ code: "KEEPALIVED_UNAVAILABLE" });
  });

  it("for a silent keepalived leaves no process", async () => {
    const pidFile = path.join(lab.dir, "stand-in.pid");
    await lab.standIn(`[ "$1" = --signum=JSON ] && echo 36 && exit; echo $$ >${pidFile}; exec sleep 60`);

    await expect(start()).rejects.toMatchObject({ code: "KEEPALIVED_UNAVAILABLE" });

    await gone(await pidIn(pidFile));
  });
});
