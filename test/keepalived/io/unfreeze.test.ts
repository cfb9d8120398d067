import pino from "pino";
import { expect, it } from "vitest";
import type { KeepalivedExit } from "../../../src/keepalived/exit.ts";
import { unfreezeWhenStopped } from "../../../src/keepalived/io/unfreeze.ts";

const EXIT = { exitCode: 0, signal: undefined, uptimeMs: 1 };

/** A keepalived that somebody stopped; whether it goes on when it is continued is the test's to say. */
function stage(obeys: boolean) {
  const exited = Promise.withResolvers<KeepalivedExit>();
  let isStopped = false;
  let pid = 7;
  const calls: string[] = [];
  const keepalived = {
    exited: exited.promise,
    findStopped: () => (isStopped ? [pid] : []),
    continueStopped: () => {
      calls.push("continued");
      isStopped = !obeys;
    },
  };
  const onStayedStopped = () => void calls.push("lost");
  const watch = (look: () => void, signal: AbortSignal) => {
    const timer = setInterval(look, 20); // the agent and its listener may look as often as they like
    signal.addEventListener("abort", () => clearInterval(timer));
  };
  const over = unfreezeWhenStopped(keepalived, { watch, onStayedStopped, log: pino({ level: "silent" }) });
  const stopIt = (process = pid) => {
    [isStopped, pid] = [true, process];
  };
  return { calls, over, stopIt, end: () => exited.resolve(EXIT) };
}

it("has a stopped keepalived continued each time, and ends with it", async () => {
  const { calls, over, stopIt, end } = stage(true);
  stopIt();
  await expect.poll(() => calls).toEqual(["continued"]);
  await new Promise((resolve) => setTimeout(resolve, 600));
  stopIt();
  await expect.poll(() => calls).toEqual(["continued", "continued"]);

  end();
  await over;
});

it("has each of its processes continued, however soon one is stopped after the other", async () => {
  const { calls, over, stopIt, end } = stage(true);
  stopIt();
  await expect.poll(() => calls).toEqual(["continued"]);
  stopIt(8);
  await expect.poll(() => calls).toEqual(["continued", "continued"]);

  end();
  await over;
});

it("leaves it a quarter of a second to go on, however often somebody looks", async () => {
  const { calls, over, stopIt, end } = stage(false);
  stopIt();
  await expect.poll(() => calls).toEqual(["continued"]);
  const continuedMs = performance.now();
  await expect.poll(() => calls, { interval: 5 }).toEqual(["continued", "lost"]);

  expect(performance.now() - continuedMs).toBeGreaterThan(150);
  end();
  await over;
});

it("gives up one that does not go on", async () => {
  const { calls, over, stopIt, end } = stage(false);
  stopIt();
  await expect.poll(() => calls).toEqual(["continued", "lost"]);

  end();
  await over;
  expect(calls).toEqual(["continued", "lost"]);
});
