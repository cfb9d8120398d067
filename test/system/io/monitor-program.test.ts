import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { env } from "node:process";
import type { Writable } from "node:stream";
import { execa } from "execa";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type MonitorProgramOptions, runMonitorProgram } from "../../../src/system/io/monitor-program.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";

let stop: AbortController;
let lines: string[];
let logged: { msg: string; level: number; complaint: string; delayMs?: number; what?: string }[];
beforeEach(() => {
  stop = new AbortController();
  lines = [];
  logged = [];
});
afterEach(() => stop.abort());

/** Runs shell text as the program. */
function run(script: string, options: Partial<MonitorProgramOptions> = {}) {
  return runMonitorProgram({
    program: "/bin/sh",
    args: ["-c", script],
    what: "tests",
    restart: { firstMs: 20, longestMs: 60_000 },
    onLine: (line) => lines.push(line),
    log: pino({ level: "debug" }, { write: (line: string) => logged.push(JSON.parse(line)) }),
    signal: stop.signal,
    ...options,
  });
}

const isAlive = async (pid: string) =>
  !/\) Z /.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z "));

it("passes on each line, also one that comes in pieces", async () => {
  const ended = run("printf 'one\\ntw'; sleep 0.2; printf 'o\\n'; exec sleep 60");
  await expect.poll(() => lines).toEqual(["one", "two"]);

  stop.abort();
  await ended;
  expect(logged).toEqual([]);
});

it("restarts a program that ends, with pauses that double; only the first one is a warning", async () => {
  void run("echo started; echo broken >&2; exit 3");
  await expect.poll(() => logged.length).toBeGreaterThanOrEqual(3);

  expect(logged.slice(0, 3).map(({ delayMs }) => delayMs)).toEqual([20, 40, 80]);
  expect(logged.slice(0, 3).map(({ level }) => level)).toEqual([40, 20, 20]);
  expect(logged[0]).toMatchObject({ what: "tests", complaint: "broken" });
  expect(lines.slice(0, 3)).toEqual(["started", "started", "started"]);
});

it("takes the first pause again after a run that was longer than the longest", async () => {
  void run("sleep 0.3", { restart: { firstMs: 20, longestMs: 100 } });
  await expect.poll(() => logged.length).toBeGreaterThanOrEqual(3);

  expect(logged.slice(0, 3).map(({ delayMs }) => delayMs)).toEqual([20, 20, 20]);
});

it("says how a program ended that printed no error", async () => {
  void run("kill -TERM $$");
  await expect.poll(() => logged.length).toBeGreaterThan(0);

  expect(logged[0]?.complaint).toContain("SIGTERM");
});

it("gives up on a program that is not installed where that is said", async () => {
  await run("", { program: "no-such-program", withoutIt: "nothing is monitored" });

  expect(logged).toHaveLength(1);
  expect(logged[0]).toMatchObject({ level: 40, msg: "nothing is monitored" });
  expect(logged[0]?.complaint).toContain("no-such-program");
});

it("waits for a program that is not installed yet", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "monitor-program-"));
  const program = path.join(folder, "program");
  void run("echo started; exec sleep 60", { program });
  await expect.poll(() => logged.length).toBeGreaterThanOrEqual(2);
  expect(lines).toEqual([]);

  await symlink("/bin/sh", program);
  await expect.poll(() => lines).toEqual(["started"]);
  await rm(folder, { recursive: true, maxRetries: 20 });
});

it("reports that the program is ready, and its end", async () => {
  const calls: string[] = [];
  const ended = run("exec sleep 60", {
    readyAfterMs: 30,
    onReady: () => calls.push("ready"),
    onEnd: () => calls.push("end"),
  });
  await expect.poll(() => calls).toEqual(["ready"]);

  stop.abort();
  await ended;
  expect(calls).toEqual(["ready", "end"]);
});

it("does not report a program as ready that ended before", async () => {
  const onReady = vi.fn();
  const ended = run("exit 0", {
    readyAfterMs: 200,
    onReady,
    restart: { firstMs: 60_000, longestMs: 60_000 },
  });
  await expect.poll(() => logged.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 400));
  stop.abort();
  await ended;

  expect(onReady).not.toHaveBeenCalled();
});

it("reports an error that the program prints while it goes on", async () => {
  const onError = vi.fn();
  void run("echo lost >&2; echo on; exec sleep 60", { onError });
  await expect.poll(() => lines).toEqual(["on"]);
  await expect.poll(() => onError.mock.calls.length).toBe(1);

  expect(logged).toEqual([]);
});

it("gives the program an input where that is wanted, and none otherwise", async () => {
  let input: Writable | undefined;
  void run("cat", { onStart: (stdin) => (input = stdin) });
  await expect.poll(() => input).toBeDefined();
  input?.write("echo\n");
  await expect.poll(() => lines).toEqual(["echo"]);

  void run("cat; echo end of input; exec sleep 60");
  await expect.poll(() => lines).toEqual(["echo", "end of input"]);
});

it("takes a write to a program that has ended for no failure", async () => {
  const inputs: Writable[] = [];
  void run("exec <&-; echo closed; exec sleep 60", { onStart: (stdin) => inputs.push(stdin) });
  await expect.poll(() => lines).toEqual(["closed"]);
  inputs[0]?.write("nobody reads this\n");
  await new Promise((resolve) => setTimeout(resolve, 100));

  expect(logged).toEqual([]);
});

it("keeps nothing of a line without an end", async () => {
  void run("head -c 50000000 /dev/zero | tr '\\0' x; echo; echo next; exec sleep 60");
  await expect.poll(() => lines).toEqual(["next"]);
});

it("gives the program PATH and LC_ALL alone", async () => {
  vi.stubEnv("AUTH_PASS", "secret");
  void run("env; exec sleep 60", { program: "/bin/sh" });
  await expect.poll(() => lines.length).toBeGreaterThan(1);
  vi.unstubAllEnvs();

  expect(lines).toContain("LC_ALL=C");
  expect(lines).toContain(`PATH=${env["PATH"]}`);
  expect(lines.join()).not.toContain("secret");
});

it("has ended the program when it resolves after the abort, and reports nothing later", async () => {
  const ended = run("trap '' TERM; echo $$; while :; do echo line; done");
  await expect.poll(() => lines.length).toBeGreaterThan(10);
  const [pid = ""] = lines;
  stop.abort();
  const { length } = lines;
  await ended;

  expect(await isAlive(pid)).toBe(false);
  expect(lines).toHaveLength(length);
});

it("does not start a program after the abort", async () => {
  stop.abort();
  await run("echo started");

  expect(lines).toEqual([]);
});

it("lets the program die with the agent that is killed", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "monitor-program-"));
  const source = path.resolve(import.meta.dirname, "../../../src/system/io/monitor-program.ts");
  const agent = path.join(folder, "agent.ts");
  const log = "{ warn: () => undefined, debug: () => undefined }";
  await writeFile(
    agent,
    `import { runMonitorProgram } from ${JSON.stringify(source)};
    void runMonitorProgram({ program: "/bin/sh", args: ["-c", "echo $$; exec sleep 60"], what: "tests", log: ${log},
      restart: { firstMs: 9, longestMs: 9 }, onLine: console.log, signal: new AbortController().signal });`,
  );
  const child = execa("node", [agent], { reject: false });
  let pid = "";
  child.stdout.on("data", (chunk) => (pid += chunk));
  await expect.poll(() => pid).toMatch(/^\d+\n$/);
  expect(await isAlive(pid.trim())).toBe(true);
  sendSignal(child.pid ?? 0, "SIGKILL");

  await expect.poll(() => isAlive(pid.trim())).toBe(false);
  await rm(folder, { recursive: true, maxRetries: 20 });
});
