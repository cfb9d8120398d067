import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import { occupants } from "./lab/namespace.ts";
import { requirements } from "./lab/requirements.ts";
import { until } from "./lab/until.ts";

const DEMO = fileURLToPath(new URL("../demo/demo.ts", import.meta.url));
const missing = requirements();
const { CI } = process.env;
if (missing !== undefined && CI !== undefined) throw new Error(missing);

/** An owner that was harmed, who took over, and what the client measured. */
const INTERRUPTION =
  /^ +[\d.]+ s {2}(h\d): .+, (h\d) took over, (client lost nothing|client silent [\d.]+ m?s \(\d+ lost\))$/gm;

function startDemo(...args: string[]) {
  const demo = execa(process.execPath, [DEMO, ...args], { reject: false });
  onTestFinished(() => void demo.kill("SIGTERM"));
  return demo;
}

function namespaces(pid: number | undefined): string[] {
  return readdirSync("/run/netns").filter((name) => name.startsWith(`rk${pid}x`));
}

/** What a lab of the process left behind on this machine. */
function leftovers(pid: number | undefined): string[] {
  return [...namespaces(pid), ...readdirSync(tmpdir()).filter((name) => name.startsWith(`rk${pid}x`))];
}

describe.skipIf(missing !== undefined)(`the demo ${missing ?? ""}`, () => {
  it("shows interruptions as plain lines, sums them up at Ctrl-C while a host is harmed, and leaves nothing behind", async () => {
    const demo = startDemo();
    const running = (): number[] => occupants(namespaces(demo.pid));
    await until(() => running().length >= 20, 120_000, "the demo has its hosts");
    const pids = running();
    let text = "";
    demo.stdout.on("data", (chunk) => {
      text += chunk;
    });
    const count = (pattern: RegExp) => [...text.matchAll(pattern)].length;
    const isInSecondHarm = () => count(INTERRUPTION) >= 1 && count(/\bnow: /g) >= 2;
    await until(isInSecondHarm, 300_000, "the owner was harmed, and a host is harmed again");

    demo.kill("SIGINT");
    const { exitCode, stdout } = await demo;

    expect(exitCode).toBe(0);
    for (const [, before, after] of stdout.matchAll(INTERRUPTION)) expect(after).not.toBe(before);
    expect(stdout).toMatch(/^container stopped +1 +[\d.]+ m?s +[\d.]+ m?s +\d+$/m);
    expect(stdout).toMatch(/^The client asked \d+ times and lost \d+, \d+ of them outside/m);
    expect(stdout).not.toContain("\x1b");
    await until(() => pids.every((pid) => !existsSync(`/proc/${pid}`)), 120_000, "every process is gone");
    expect(leftovers(demo.pid)).toEqual([]);
  });

  it("ends by itself after the given time", async () => {
    const demo = startDemo("--seconds", "2");

    const { exitCode } = await demo;

    expect(exitCode).toBe(0);
    expect(leftovers(demo.pid)).toEqual([]);
  });

  it("cleans up at Ctrl-C while it makes its hosts, and calls that success", async () => {
    const demo = startDemo();
    let text = "";
    demo.stdout.on("data", (chunk) => {
      text += chunk;
    });
    await until(() => text.includes("making hosts"), 120_000, "the demo makes its hosts");

    demo.kill("SIGINT");
    const { exitCode } = await demo;

    expect(exitCode).toBe(0);
    expect(leftovers(demo.pid)).toEqual([]);
  });
});

describe("the demo's command line", () => {
  it.each([
    { args: ["--seconds", "soon"], says: '--seconds takes a whole number from 1 to 999999, not "soon"' },
    { args: ["--seconds", "0"], says: '--seconds takes a whole number from 1 to 999999, not "0"' },
    { args: ["--minutes", "1"], says: "Unknown option '--minutes'" },
    { args: ["quick"], says: "Unexpected argument 'quick'" },
  ])("refuses $args with exit status 78 and shows its usage", async ({ args, says }) => {
    const { exitCode, stderr, stdout } = await startDemo(...args);

    expect(exitCode).toBe(78);
    expect(stderr).toContain(says);
    expect(stderr).toContain("usage: npm run demo");
    expect(stdout).toBe("");
  });

  it("says what to install where keepalived is missing", async () => {
    const { exitCode, stderr } = await execa(process.execPath, [DEMO], {
      env: { PATH: "/nowhere" },
      extendEnv: false,
      reject: false,
    });

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(process.getuid?.() === 0 ? /apt-get install .*keepalived/ : /as root/);
  });
});
