/** The agent's log where nobody reads it: a pipe, and a terminal, which `script` provides; and in a file. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sendSignal } from "../../fixtures/send-signal.ts";

const PROGRAM = path.join(import.meta.dirname, "log-output-program.ts");
const BUNDLE = path.join(import.meta.dirname, "../../../dist/rancher-keepalived.mjs");

let dir = "";
let child: ChildProcess | undefined;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "log-output-"));
});
afterEach(async () => {
  if (child?.pid !== undefined) sendSignal(-child.pid, "SIGKILL");
  child = undefined;
  await rm(dir, { recursive: true, maxRetries: 20 });
});

/** Starts the program with an output that is not read yet. */
function start(wrap: (command: string) => string[]): ChildProcess {
  const [file = "", ...args] = wrap(`${process.execPath} ${PROGRAM} ${path.join(dir, "mark")}`);
  child = spawn(file, args, { detached: true, stdio: ["ignore", "pipe", "inherit"] });
  return child;
}
const mark = () => readFile(path.join(dir, "mark"), "utf8").catch(() => "");

it.each([
  { output: "a pipe", wrap: (command: string) => ["sh", "-c", `${command} | cat`] },
  { output: "a terminal", wrap: (command: string) => ["script", "-qec", command, "/dev/null"] },
])("goes on while nobody reads $output, and counts the lines that are lost", async ({ wrap }) => {
  const { stdout } = start(wrap);
  await expect.poll(mark).toBe("went on");

  const read: Record<string, unknown>[] = [];
  createInterface({ input: stdout! }).on("line", (line) => read.push(JSON.parse(line)));
  await expect.poll(() => read.some(({ msg }) => msg === "later")).toBe(true);
  const lost = read.filter(({ msg }) => msg === "lost").map(({ lines }) => Number(lines));
  expect(lost).toHaveLength(1);
  expect(lost[0]).toBeGreaterThan(10_000);
  const laterBefore = read.findIndex(({ msg }) => msg === "lost");
  const written = read.slice(0, laterBefore).filter(({ msg }) => msg === "line");
  expect(written.length).toBeLessThan(30_000);
});

it("writes to a file, also from the bundle, which leaves parts of pino out", async () => {
  const file = path.join(dir, "log");
  const output = await open(file, "a");
  const env = { PATH: "/nonexistent", METADATA_URL: "http://127.0.0.1:1" };
  child = spawn(process.execPath, [BUNDLE, "run"], {
    detached: true,
    stdio: ["ignore", output.fd, "ignore"],
    env,
  });
  await once(child, "exit");
  await output.close();

  const lines = (await readFile(file, "utf8")).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["agent started"]);
});

it("loses the lines that a file takes no more, ends one that was cut, and goes on", async () => {
  const file = path.join(dir, "log");
  start((command) => ["sh", "-c", `ulimit -S -f 1; exec ${command} > ${file}`]);
  await expect.poll(mark).toBe("went on");

  expect((await stat(file)).size).toBeLessThanOrEqual(1024);
  expect((await readFile(file, "utf8")).endsWith("\n")).toBe(false); // the last line was cut

  await execa("prlimit", [`--pid=${child?.pid}`, "--fsize=unlimited"]);
  await expect.poll(() => readFile(file, "utf8")).toMatch(/"later"}\n$/);
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  expect(lines.filter((line) => line.split('{"level"').length !== 2)).toEqual([]);
});
