/** The soak as a program: a short run of it holds, it ends as it should, and it leaves nothing behind. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { occupants } from "./lab/namespace.ts";
import { requirements } from "./lab/requirements.ts";
import { until } from "./lab/until.ts";

const SOAK = fileURLToPath(new URL("../soak/soak.ts", import.meta.url));
const missing = requirements();
const { CI } = process.env;
if (missing !== undefined && CI !== undefined) throw new Error(missing);

const runSoak = (...args: string[]) => execa(process.execPath, [SOAK, ...args], { reject: false });

function namespaces(pid: number | undefined): string[] {
  return readdirSync("/run/netns").filter((name) => name.startsWith(`rk${pid}x`));
}

/** What a lab of the process left behind on this machine: names, and disks. */
function leftovers(pid: number | undefined): string[] {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(`rk${pid}x`));
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return [...namespaces(pid), ...folders, ...mounts.filter((line) => line.includes(`/rk${pid}x`))];
}

describe.skipIf(missing !== undefined).concurrent(`the soak ${missing ?? ""}`, () => {
  it("draws faults, tells what each cost, and ends with the count of invariants that held", async ({
    onTestFinished,
  }) => {
    const args = [
      "--minutes",
      "0.3",
      "--seed",
      "4",
      "--only",
      "keepalived-killed,disk-full,metadata-refused",
    ];
    const soak = runSoak(...args);
    onTestFinished(() => void soak.kill("SIGTERM"));

    const { exitCode, stdout } = await soak;

    expect(stdout).toContain("seed 4: 3 hosts");
    expect(stdout).toMatch(
      /^ +[\d.]+ s {2}#1 +h\d (owner|backup) +[\w-]+ for [\d.]+ s +gap \d+ ms, two owners \d+ ms/m,
    );
    expect(stdout).toMatch(/^[1-9]\d+ invariants held, 0 broken \(seed 4, \d+ steps\)$/m);
    expect(exitCode).toBe(0);
    expect(leftovers(soak.pid)).toEqual([]);
  });

  it("cleans up at Ctrl-C in the middle of a fault", async ({ onTestFinished }) => {
    const soak = runSoak("--seed", "4", "--only", "metadata-refused,disk-full");
    onTestFinished(() => void soak.kill("SIGTERM"));
    await until(() => namespaces(soak.pid).length >= 8, 120_000, "the soak has its hosts");
    const pids = occupants(namespaces(soak.pid));
    let text = "";
    soak.stdout.on("data", (chunk) => {
      text += chunk;
    });
    await until(() => text.includes("  #1 "), 120_000, "the first step is over");

    soak.kill("SIGINT");
    const { exitCode } = await soak;

    expect(exitCode).toBe(0);
    await until(() => pids.every((pid) => !existsSync(`/proc/${pid}`)), 120_000, "every process is gone");
    expect(leftovers(soak.pid)).toEqual([]);
  });
});

describe("the soak's command line", () => {
  it.each([
    { args: ["--hosts", "9"], says: '--hosts takes 3, 4 or 5, not "9"' },
    { args: ["--only", "earthquake"], says: "there is no fault earthquake" },
  ])("refuses $args with exit status 78 and shows its usage", async ({ args, says }) => {
    const { exitCode, stderr, stdout } = await runSoak(...args);

    expect(exitCode).toBe(78);
    expect(stderr).toContain(says);
    expect(stderr).toContain("usage: npm run soak");
    expect(stdout).toBe("");
  });

  it("lists every fault with --help", async () => {
    const { exitCode, stdout } = await runSoak("--help");

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ {2}keepalived-killed$/m);
  });
});
