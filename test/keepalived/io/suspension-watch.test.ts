/** The listener process looks whether real processes are suspended, and the agent looks where no listener runs. */
import { spawn } from "node:child_process";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { expect, it, type TestContext } from "vitest";
import { createSuspensionWatch } from "../../../src/keepalived/io/suspension-watch.ts";
import { findStopped } from "../../../src/system/io/process.ts";
import { openWireListener } from "../../../src/wire/io/listener.ts";

/** Generous: the machine is shared. */
const SOON = { timeout: 20_000, interval: 10 };

function startSleeper({ onTestFinished }: TestContext): {
  readonly pid: number;
  signal(name: "SIGSTOP" | "SIGCONT"): void;
} {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { pid: child.pid!, signal: (name) => void child.kill(name) };
}

function startWatch({ onTestFinished }: TestContext) {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const looks: number[] = [];
  const suspension = createSuspensionWatch();
  suspension.watch(() => looks.push(performance.now()), stop.signal);
  return { suspension, looks, stop };
}

it("looks by itself four times a second until a listener runs, then once", async (context) => {
  const { suspension, looks } = startWatch(context);
  await expect.poll(() => looks.length, SOON).toBeGreaterThanOrEqual(6);
  suspension.companion.onStart(new PassThrough(), () => undefined);
  const sinceMs = performance.now();
  looks.length = 0;
  await sleep(2_200);
  // four a second, were it as before
  expect(looks.length).toBeLessThanOrEqual(2 + (performance.now() - sinceMs) / 1_000);
  suspension.companion.onEnd();
  await expect.poll(() => looks.length, SOON).toBeGreaterThanOrEqual(12);
});

it("is told of either process that is suspended, of the next ones too, and after a restart of the listener", async (context) => {
  const { suspension, looks, stop } = startWatch(context);
  const ends: (() => void)[] = [];
  let told = 0;
  openWireListener({
    log: pino({ level: "silent" }),
    signal: stop.signal,
    companions: [
      {
        ...suspension.companion,
        onStart: (input, end) => {
          ends.push(end);
          suspension.companion.onStart(input, end);
        },
        onLine: (text) => {
          told += 1;
          suspension.companion.onLine(text);
        },
      },
    ],
    onFrame: () => undefined,
    onState: () => undefined,
  });
  const [parent, vrrp, nextVrrp] = [startSleeper(context), startSleeper(context), startSleeper(context)];
  suspension.setProcess("vrrp", vrrp.pid);
  suspension.setProcess("parent", parent.pid);
  const isTold = async (process: ReturnType<typeof startSleeper>) => {
    process.signal("SIGSTOP");
    await expect.poll(() => findStopped([process.pid]), SOON).toHaveLength(1);
    [told, looks.length] = [0, 0];
    await expect.poll(() => told, SOON).toBeGreaterThan(0);
    expect(looks.length).toBeGreaterThanOrEqual(told);
    process.signal("SIGCONT");
    await expect.poll(() => findStopped([process.pid]), SOON).toHaveLength(0);
    const toldAnew = () => {
      const before = told;
      told = 0;
      return before;
    };
    await expect.poll(toldAnew, { ...SOON, interval: 600 }).toBe(0);
  };

  await isTold(parent);
  await isTold(vrrp);
  suspension.noteLine({ kind: "vrrp-process-started", pid: nextVrrp.pid });
  await isTold(nextVrrp);
  ends.at(-1)?.();
  await expect.poll(() => ends.length, SOON).toBe(2);
  await isTold(parent);
});
