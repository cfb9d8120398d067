import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { kill } from "node:process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ProgramOptions, runProgram } from "../../../src/system/io/run-program.ts";

const { PATH } = process.env;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-program-"));
});
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }));

const run = (program: string, args: readonly string[], options: Partial<ProgramOptions> = {}) =>
  runProgram(program, args, { env: { PATH }, timeoutMs: 60_000, maxBytes: 100_000, ...options });
const shell = (script: string, options?: Partial<ProgramOptions>) =>
  run("sh", ["-c", `cd ${folder}; ${script}`], options);

const SUCCESS = { exitCode: 0, stdout: "", stderr: "", killedBy: undefined, code: undefined };
/** It never ends by itself, and its pid is in a file. */
const ENDLESS = "echo begun; echo $$ > pid; exec sleep 600";

async function pidOfEndless(): Promise<number> {
  const read = async () => Number(await readFile(path.join(folder, "pid"), "utf8").catch(() => ""));
  await expect.poll(read).toBeGreaterThan(0);
  return read();
}

function isThere(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

describe("a program that ends by itself", () => {
  it("returns what it printed, as it is", async () => {
    expect(await shell("echo ' one'; echo two >&2; echo")).toEqual({
      ...SUCCESS,
      stdout: " one\n\n",
      stderr: "two\n",
    });
  });

  it("returns all of a long output, also where characters lie across its pieces", async () => {
    const { stdout } = await shell("i=0; while [ $i -lt 30000 ]; do printf 'a\\303\\244'; i=$((i+1)); done");
    expect(stdout).toBe("aä".repeat(30_000));
  });

  it("returns its exit status", async () => {
    expect(await shell("echo no >&2; exit 3")).toEqual({ ...SUCCESS, exitCode: 3, stderr: "no\n" });
  });

  it("has no exit status where a signal ended it", async () => {
    expect(await shell("kill -TERM $$")).toEqual({ ...SUCCESS, exitCode: undefined });
  });
});

describe("what it gets", () => {
  it("is this environment and nothing else", async () => {
    const { stdout } = await run("env", [], { env: { PATH, LC_ALL: "C" } });
    expect(stdout.trim().split("\n").toSorted()).toEqual(["LC_ALL=C", `PATH=${PATH}`]);
  });

  it("is an empty standard input", async () => {
    expect(await run("cat", [])).toEqual(SUCCESS);
  });

  it("is the input", async () => {
    expect(await run("cat", [], { input: "for it\n" })).toEqual({ ...SUCCESS, stdout: "for it\n" });
  });

  it("is an input that it need not read", async () => {
    expect(await run("true", [], { input: "x".repeat(1_000_000) })).toEqual(SUCCESS);
  });
});

describe("a program that has to be killed", () => {
  it("is killed at the time-out", async () => {
    const result = await shell(`trap '' TERM; ${ENDLESS}`, { timeoutMs: 500 });

    expect(result).toEqual({ ...SUCCESS, exitCode: undefined, stdout: "begun\n", killedBy: "timeout" });
    expect(isThere(await pidOfEndless())).toBe(false);
  });

  it("is not waited for longer than that where another process keeps its output open", async () => {
    const result = await shell("sleep 600 & echo $! > pid", { timeoutMs: 500 });

    expect(result).toEqual({ ...SUCCESS, killedBy: "timeout" });
    kill(await pidOfEndless(), "SIGKILL");
  });

  it("is killed at the abort", async () => {
    const controller = new AbortController();
    const running = shell(ENDLESS, { signal: controller.signal });
    const pid = await pidOfEndless();

    controller.abort();

    expect(await running).toMatchObject({ exitCode: undefined, killedBy: "abort" });
    expect(isThere(pid)).toBe(false);
  });

  it("is not started after the abort", async () => {
    const result = await shell("touch started", { signal: AbortSignal.abort() });

    expect(result).toEqual({ ...SUCCESS, exitCode: undefined, killedBy: "abort" });
    expect(existsSync(path.join(folder, "started"))).toBe(false);
  });

  it.each(["yes", "yes >&2"])("is killed when it prints too much: %s", async (script) => {
    const result = await shell(script, { maxBytes: 10_000 });

    expect(result).toMatchObject({ exitCode: undefined, killedBy: "size" });
    expect(result.stdout.length).toBeLessThanOrEqual(10_000);
  });
});

describe("a program that cannot be started", () => {
  it("says that it is missing", async () => {
    expect(await run("no-such-program", [])).toEqual({ ...SUCCESS, exitCode: undefined, code: "ENOENT" });
  });

  it("says that it may not be executed", async () => {
    expect(await run(folder, [])).toEqual({ ...SUCCESS, exitCode: undefined, code: "EACCES" });
  });

  it("says that its command line is too long", async () => {
    const { code } = await run("true", ["x".repeat(4_000_000)]);
    expect(code).toBe("E2BIG");
  });
});
