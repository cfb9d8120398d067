/** The agent's log where nobody reads it: a pipe, and a terminal, which `script` provides. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sendSignal } from "../../fixtures/send-signal.ts";

const PROGRAM = path.join(import.meta.dirname, "log-output-program.ts");

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
