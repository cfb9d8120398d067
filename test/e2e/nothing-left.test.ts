/** What test/suite/nothing-left.ts and clean-run.ts do, in real runs of one test file each. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";
import { sendSignal } from "../fixtures/send-signal.ts";
import { until } from "./lab/until.ts";

const PROGRAM = path.join(import.meta.dirname, "..", "suite", "leaving-run-program.ts");

async function startRun(leaves: string) {
  const folder = await mkdtemp(path.join(tmpdir(), "leaving-"));
  const made = path.join(folder, "made");
  const run = execa(process.execPath, [PROGRAM], {
    all: true,
    detached: true,
    env: { LEAVES: leaves, MADE: made, NO_COLOR: "1", FORCE_COLOR: "0" },
    reject: false,
  });
  onTestFinished(async () => {
    sendSignal(-(run.pid ?? 0), "SIGKILL");
    await rm(folder, { recursive: true, maxRetries: 20 });
  });
  const untilMade = async () => {
    await until(() => existsSync(made) && readFileSync(made, "utf8").endsWith("}"), 120_000, "all is made");
    const { namespace, pid } = JSON.parse(readFileSync(made, "utf8")) as { namespace: string; pid?: number };
    return {
      isThere: () => existsSync(`/run/netns/${namespace}`),
      isRunning: () => existsSync(`/proc/${pid}`),
    };
  };
  return { run, untilMade };
}

it.each(["namespace", "process"])(
  "fails a file that leaves a %s, names it, and removes it",
  async (leaves) => {
    const { run, untilMade } = await startRun(leaves);

    const { all, exitCode } = await run;

    expect(all).toMatch(
      leaves === "namespace" ? /left behind: rkleft-\d+-1$/m : /left behind: process: sleep 1000$/m,
    );
    expect(exitCode).toBe(1);
    const made = await untilMade();
    expect(made.isThere()).toBe(false);
    expect(made.isRunning()).toBe(false);
  },
);

it("passes a file whose own clean-up removes all", async () => {
  const { run } = await startRun("nothing");

  const { all, exitCode } = await run;

  expect(all).not.toContain("left behind");
  expect(exitCode).toBe(0);
});

it.each(["SIGTERM", "SIGINT"] as const)("removes all where %s ends the run", async (signal) => {
  const { run, untilMade } = await startRun("signal");
  const made = await untilMade();
  expect(made.isThere()).toBe(true);

  sendSignal(-(run.pid ?? 0), signal);

  await until(() => !made.isThere(), 120_000, "the namespace is gone");
  await run;
});
