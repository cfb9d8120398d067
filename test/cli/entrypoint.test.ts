/** The image's entrypoint as a process, with a stand-in for the agent. test/image runs it in a container with a real one. */
import { once } from "node:events";
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";
import { sendSignal } from "../fixtures/send-signal.ts";

const ENTRYPOINT = new URL("../../image/entrypoint.sh", import.meta.url).pathname;

/** Starts the entrypoint in a pid namespace of its own, with stand-ins for `rancher-keepalived` and `keepalived`. */
function start(agent: string, args: readonly string[] = ["run"]) {
  const folder = mkdtempSync(join(tmpdir(), "entrypoint-"));
  onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 20 }));
  const program = join(folder, "rancher-keepalived");
  writeFileSync(program, `#!/bin/bash\n${agent}\n`);
  chmodSync(program, 0o755);
  copyFileSync("/bin/bash", join(folder, "keepalived"));
  const namespaces = ["--pid", "--fork", "--kill-child", "--mount-proc"];
  return execa("unshare", [...namespaces, "tini", "-s", "--", "sh", ENTRYPOINT, ...args], {
    env: { PATH: `${folder}:${process.env["PATH"]}` },
    reject: false,
  });
}

it.each([
  { why: "its exit status", agent: "exit 3", exitCode: 3 },
  { why: "that of a signal", agent: "kill -KILL $$", exitCode: 137 },
])("ends with the agent and $why", async ({ agent, exitCode }) => {
  expect((await start(agent)).exitCode).toBe(exitCode);
});

it.each(["TERM", "INT"] as const)("hands SIG%s on and waits for the agent's own end", async (signal) => {
  // in Node: no shell can trap the SIGINT that it was started to ignore
  const child = start(`exec node -e '
    process.on("SIG${signal}", () => setTimeout(() => { console.log("released"); process.exit(0); }, 300));
    setInterval(() => undefined, 1_000);
    console.log("ready");'`);
  await once(child.stdout, "data");
  const tini = await execa("pgrep", ["-P", String(child.pid)]);

  sendSignal(Number(tini.stdout), `SIG${signal}`);

  expect(await child).toMatchObject({ exitCode: 0, stdout: "ready\nreleased" });
});

it("outlives a killed agent until keepalived has released its VIPs", async () => {
  const { stdout, exitCode } = await start(`
    keepalived -c 'trap "sleep 0.2; echo released; exit 0" TERM; echo ready; >$0.ready; while :; do sleep 0.01; done' $0 &
    until [ -e $0.ready ]; do sleep 0.05; done
    kill -TERM $!
    kill -KILL $$`);

  expect({ stdout, exitCode }).toEqual({ stdout: "ready\nreleased", exitCode: 137 });
});

it("does not wait for a keepalived that hangs", async () => {
  const { stdout, exitCode, durationMs } = await start(`
    keepalived -c 'trap "" TERM; >$0.ready; while :; do sleep 0.01; done' $0 &
    until [ -e $0.ready ]; do sleep 0.05; done
    exit 1`);

  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
  expect(durationMs).toBeGreaterThan(1_000);
  expect(durationMs).toBeLessThan(60_000);
});

it("starts other commands directly", async () => {
  expect(await start('echo "$@"; exit 5', ["check", "--port", "80"])).toMatchObject({
    stdout: "check --port 80",
    exitCode: 5,
  });
});
