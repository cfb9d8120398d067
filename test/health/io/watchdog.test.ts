import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execPath } from "node:process";
import { execa } from "execa";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openWatchdog } from "../../../src/health/io/watchdog.ts";
import { startKeepalived } from "../../../src/keepalived/io/daemon.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { openLab } from "../../keepalived/io/lab.ts";

let folder: string;
let pathPrefix: string;
let shutdown: AbortController;
let agent: ReturnType<typeof startAgent> | undefined;
let logged: Record<string, unknown>[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk watchdog-"));
  pathPrefix = path.join(folder, "health-");
  shutdown = new AbortController();
  logged = [];
});
afterEach(async () => {
  shutdown.abort();
  agent?.kill("SIGKILL");
  agent = undefined;
  await watchdogsEnded();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

const content = (name: string) => readFile(`${pathPrefix}${name}`, "utf8");
const becomes = (name: string, text: string) => expect.poll(() => content(name)).toBe(text);

async function watchdogPids(): Promise<number[]> {
  const { stdout } = await execa("pgrep", ["-f", `watchdog ${pathPrefix}`], { reject: false });
  return stdout.split("\n").filter(Boolean).map(Number);
}
const watchdogsEnded = () => expect.poll(watchdogPids).toEqual([]);

/** A watchdog of this very process. */
function start(timeoutMs: number, onEmptied = () => undefined as unknown) {
  const log = pino({}, { write: (line: string) => logged.push(JSON.parse(line)) });
  return openWatchdog({ pathPrefix, timeoutMs, onEmptied, log, signal: shutdown.signal });
}

/** Another process, which can be frozen. `said` are its lines so far. */
function startAgent(timeoutMs: number, beatMs: number) {
  const program = path.join(import.meta.dirname, "watchdog-agent-stand-in.ts");
  const child = execa(execPath, [program, pathPrefix, String(timeoutMs), String(beatMs)], {
    buffer: false,
    reject: false,
    stderr: "inherit",
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const countOf = (word: string) => said.split("\n").filter((line) => line === word).length;
  return {
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    countOf,
    says: (word: string, times = 1) => expect.poll(() => countOf(word)).toBe(times),
  };
}

describe("a silent agent", () => {
  it("has all its track files emptied, and no other file", async () => {
    const others = ["health.json", ".health-main.draft"].map((name) => path.join(folder, name));
    const names = ["main", "a group $(date)", "*"];
    for (const file of [...others, ...names.map((name) => pathPrefix + name)]) await writeFile(file, "1\n");

    await new Promise((resolve) => start(200, () => resolve(undefined)));

    expect(await Promise.all(names.map(content))).toEqual(["", "", ""]);
    for (const file of others) expect(await readFile(file, "utf8")).toBe("1\n");
    expect(logged[0]).toMatchObject({ level: 50, timeoutMs: 200 }); // a busy machine gets here after the next time-out
  });

  it("has files emptied that appear while it is silent", async () => {
    let count = 0;
    start(200, () => (count += 1));
    await expect.poll(() => count).toBeGreaterThan(0);

    await writeFile(`${pathPrefix}late`, "1\n");

    await becomes("late", "");
  });
});

describe("an agent that beats", () => {
  it("keeps its VIPs", async () => {
    agent = startAgent(3_000, 100);

    await agent.says("beat 50");

    expect(await content("main")).toBe("1\n");
    expect(agent.countOf("emptied")).toBe(0);
  });

  it("loses them when it is stopped, does not get them back by going on, and loses them a second time", async () => {
    agent = startAgent(1_000, 100);
    for (const times of [1, 2]) {
      await agent.says("owns", times);
      agent.kill("SIGSTOP");
      await becomes("main", "");
      agent.kill("SIGCONT");

      // it hears of it, some time-outs pass, and the file stays as it is
      await expect.poll(() => agent?.countOf("emptied")).toBeGreaterThanOrEqual(times);
      const beat = 25 * times;
      await agent.says(`beat ${beat}`);
      expect(await content("main")).toBe("");

      agent.kill("SIGHUP");
      await becomes("main", "1\n");
    }
  });

  it("loses them when its event loop is blocked", async () => {
    agent = startAgent(1_000, 100);
    await agent.says("owns");
    agent.kill("SIGUSR2");

    await becomes("main", "");
    expect(agent.countOf("thawed")).toBe(0);

    await agent.says("thawed");
    await expect.poll(() => agent?.countOf("emptied")).toBeGreaterThan(0);
    expect(await content("main")).toBe("");
  });
});

it("takes the VIP from a host whose agent is stopped, and leaves it so when the agent goes on", async () => {
  const lab = await openLab();
  agent = startAgent(5_000, 1_000);
  await agent.says("owns");
  await lab.writeConf((text) => text.replace(`file "${lab.dir}/ready"`, `file "${pathPrefix}main"`));
  const keepalived = await startKeepalived({
    conf: lab.conf,
    runDir: lab.dir,
    reloadCheckLog: lab.reloadCheckLog,
    log: lab.log,
    signal: shutdown.signal,
  });
  try {
    await expect.poll(lab.hasVip).toBe(true);

    agent.kill("SIGSTOP");
    const stoppedMs = performance.now();
    await expect.poll(lab.hasVip).toBe(false);
    // 5 s, and what a busy machine adds
    expect(performance.now() - stoppedMs).toBeLessThan(20_000);

    agent.kill("SIGCONT");
    await expect.poll(() => agent?.countOf("emptied")).toBeGreaterThan(0);
    expect(await keepalived.dump()).toMatchObject([{ state: "FAULT" }]);
    agent.kill("SIGHUP");
    await expect.poll(lab.hasVip).toBe(true);
  } finally {
    await keepalived.stop();
    await lab.remove();
  }
});

describe("the watchdog", () => {
  it("ends when it is closed, and leaves the files as they are", async () => {
    await writeFile(`${pathPrefix}main`, "1\n");
    const watchdog = start(60_000);
    await expect.poll(watchdogPids).toHaveLength(1);

    watchdog.close();

    await watchdogsEnded();
    watchdog.beat();
    expect(await content("main")).toBe("1\n");
    expect(logged).toEqual([]);
  });

  it("ends when the agent aborts", async () => {
    start(60_000);
    await expect.poll(watchdogPids).toHaveLength(1);

    shutdown.abort();

    await watchdogsEnded();
  });

  it("ends with an agent that is killed", async () => {
    agent = startAgent(60_000, 100);
    await agent.says("owns");
    await expect.poll(watchdogPids).toHaveLength(1);

    agent.kill("SIGKILL");

    await watchdogsEnded();
  });

  it("ends with an agent that is killed, though it is stopped itself", async () => {
    agent = startAgent(60_000, 100);
    await agent.says("owns"); // by then the watchdog is past its first moment, in which nothing ties it to the agent yet
    await expect.poll(watchdogPids).toHaveLength(1);
    for (const pid of await watchdogPids()) sendSignal(pid, "SIGSTOP");

    agent.kill("SIGKILL");

    await watchdogsEnded();
  });

  it("is started again when it ends by itself, and watches as before", async () => {
    await writeFile(`${pathPrefix}main`, "1\n");
    const watchdog = start(2_000);
    // on a busy machine it takes longer than the time-out to find the process
    const beating = setInterval(() => watchdog.beat(), 100);
    await expect.poll(watchdogPids).toHaveLength(1);
    const [pid] = await watchdogPids();

    sendSignal(pid!, "SIGKILL");
    await expect.poll(() => logged).toMatchObject([{ level: 50, killedBy: "SIGKILL" }]);
    clearInterval(beating);
    expect(await content("main")).toBe("1\n");

    await expect.poll(watchdogPids).toHaveLength(1);
    await becomes("main", "");
  });
});
