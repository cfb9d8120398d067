import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execPath } from "node:process";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { probeScript } from "../../../src/health/io/script-probe.ts";
import { sendSignal } from "../../fixtures/send-signal.ts";
import { isBtrfsThere, mountBtrfs } from "./small-btrfs.ts";

let folder: string;
let shutdown: AbortController;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-script-"));
  shutdown = new AbortController();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

const check = (script: string, timeoutMs = 20_000) =>
  probeScript({ script, timeoutMs, signal: shutdown.signal });

/** The pids that a script wrote into files of the folder, once all are there. */
async function pidsIn(...names: string[]): Promise<number[]> {
  const read = async (name: string) =>
    Number(await readFile(path.join(folder, name), "utf8").catch(() => ""));
  await expect.poll(async () => Math.min(...(await Promise.all(names.map(read))))).toBeGreaterThan(0);
  return Promise.all(names.map(read));
}

/** Polls until a process is gone or nothing but a zombie. */
async function gone(pid: number): Promise<void> {
  const state = () => readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z ");
  await expect.poll(state).toMatch(/\) Z /);
}

/** A shell that starts a pipeline, writes down the pids of all that run, and never ends. */
const hanging = () =>
  `cd ${folder}; sleep 60 & echo $! > background; (echo $$ > shell; sleep 60) | sh -c 'echo $$ > pipe; cat'`;

describe("a script", () => {
  it.each([
    { script: "true", want: { sample: "healthy", reason: "exit 0" } },
    { script: "echo fine; echo; exit 0", want: { sample: "healthy", reason: "exit 0: fine" } },
    { script: "echo a; echo b >&2; exit 3", want: { sample: "unhealthy", reason: "exit 3: b" } },
    { script: "printf 'no newline'; false", want: { sample: "unhealthy", reason: "exit 1: no newline" } },
    { script: "kill -KILL $$", want: { sample: "unhealthy", reason: "exit 137" } },
    { script: "echo over; kill 0", want: { sample: "unhealthy", reason: "killed by SIGKILL: over" } },
    { script: "printf '\\033[2Jx\\ty'", want: { sample: "healthy", reason: "exit 0: [2Jx y" } },
    // what broke the image that this agent replaces
    { script: "echo one two | grep -q two", want: { sample: "healthy", reason: "exit 0" } },
    { script: "true && ! false && echo yes", want: { sample: "healthy", reason: "exit 0: yes" } },
    { script: "test -d / && ls -d /tmp/", want: { sample: "healthy", reason: "exit 0: /tmp/" } },
    {
      script: `echo "it's" '"quoted"' $((1+1))`,
      want: { sample: "healthy", reason: `exit 0: it's "quoted" 2` },
    },
    { script: 'a=1\n[ "$a" = 1 ] &&\n echo lines', want: { sample: "healthy", reason: "exit 0: lines" } },
    { script: "echo $#", want: { sample: "healthy", reason: "exit 0: 0" } },
    { script: "read line; echo $?", want: { sample: "healthy", reason: "exit 0: 1" } },
  ])("`$script` is $want.reason", async ({ script, want }) => {
    expect(await check(script)).toEqual(want);
  });

  it.each([
    { script: "no-such-program", reason: /^exit 127: .*not found$/ },
    { script: "/etc/passwd", reason: /^exit 126: .*denied$/ },
    { script: "if", reason: /^exit 2: .*Syntax error/ },
  ])("that cannot be run, `$script`, is unhealthy and says why", async ({ script, reason }) => {
    expect(await check(script)).toEqual({ sample: "unhealthy", reason: expect.stringMatching(reason) });
  });

  it("gets nothing of the agent's environment but PATH", async () => {
    vi.stubEnv("AUTH_PASS", "secret");

    const { reason } = await check("env | cut -d= -f1 | sort | tr '\\n' ' '");

    expect(reason).toBe("exit 0: LC_ALL PATH PWD");
  });

  it("may write as much as it likes, of which the last line counts", async () => {
    const outcome = await check("head -c 20000000 /dev/zero; seq 1 100000; echo end");

    expect(outcome).toEqual({ sample: "healthy", reason: "exit 0: end" });
  });

  it("is unknown where the agent cannot start it", async () => {
    vi.stubEnv("PATH", folder);

    expect(await check("true")).toEqual({ sample: "unknown", reason: "the script could not be started" });
  });
});

describe("nothing of a script is left", () => {
  it("after its time-out", async () => {
    const outcome = await check(hanging(), 3_000);

    expect(outcome).toEqual({ sample: "unhealthy", reason: "no answer within 3000 ms" });
    for (const pid of await pidsIn("background", "shell", "pipe")) await gone(pid);
  });

  it("after its time-out, though it ignores signals and stops its leader", async () => {
    const outcome = await check(`trap '' TERM INT HUP; echo $$ > ${folder}/shell; kill -STOP 0`, 3_000);

    expect(outcome).toMatchObject({ sample: "unhealthy" });
    for (const pid of await pidsIn("shell")) await gone(pid);
  });

  it("after its end, and its background process does not delay the result", async () => {
    const startMs = performance.now();

    const outcome = await check(`sleep 60 & echo $! > ${folder}/background; echo done`);

    expect(outcome).toEqual({ sample: "healthy", reason: "exit 0: done" });
    expect(performance.now() - startMs).toBeLessThan(30_000);
    for (const pid of await pidsIn("background")) await gone(pid);
  });

  it("after an abort, which ends the check with the signal's reason", async () => {
    const outcome = check(hanging());
    const pids = await pidsIn("background", "shell", "pipe");
    shutdown.abort(new Error("shutdown"));

    await expect(outcome).rejects.toThrow("shutdown");
    for (const pid of pids) await gone(pid);
    await expect(check("true")).rejects.toThrow("shutdown");
  });

  it("after the agent was killed", async () => {
    const module = new URL("../../../src/health/io/script-probe.ts", import.meta.url).href;
    const program = `import { probeScript } from ${JSON.stringify(module)};
      const { signal } = new AbortController();
      await probeScript({ script: process.argv[1], timeoutMs: 600_000, signal });`;
    const agent = execa(execPath, ["--input-type=module", "--eval", program, hanging()], { reject: false });
    const pids = await pidsIn("background", "shell", "pipe");

    agent.kill("SIGKILL");

    await agent;
    for (const pid of pids) await gone(pid);
  });
});

it("does not wait for a process that left the group of its script and holds its output", async () => {
  const startMs = performance.now();

  const outcome = await check(`setsid sh -c 'echo $$ > ${folder}/daemon; exec sleep 60' &
    until [ -s ${folder}/daemon ]; do sleep 0.01; done; echo started`);

  const [daemon] = await pidsIn("daemon");
  sendSignal(daemon!, "SIGKILL");
  expect(outcome).toEqual({ sample: "healthy", reason: "exit 0: started" });
  expect(performance.now() - startMs).toBeLessThan(30_000);
});

it.runIf(isBtrfsThere)("is not run again while a process of it hangs in the kernel", async () => {
  const disk = await mountBtrfs();
  const script = `touch ${disk.path}/file; echo touched`;
  const count = async () => {
    const { stdout } = await execa("pgrep", ["-fc", `^touch ${disk.path}`], { reject: false });
    return Number(stdout);
  };
  await execa("fsfreeze", ["--freeze", disk.path]);
  try {
    expect(await check(script, 300)).toMatchObject({
      sample: "unhealthy",
      reason: expect.stringMatching(/300 ms/),
    });
    for (const _ of [1, 2, 3]) {
      expect(await check(script, 300)).toMatchObject({
        sample: "unhealthy",
        reason: expect.stringMatching(/^a process of an earlier run hangs in the kernel/),
      });
    }
    expect(await count()).toBe(1);
  } finally {
    await execa("fsfreeze", ["--unfreeze", disk.path]);
  }

  expect(await check(script)).toMatchObject({ sample: "healthy", reason: "exit 0: touched" });
  await disk.remove();
});
