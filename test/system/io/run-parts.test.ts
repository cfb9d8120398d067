import { once } from "node:events";
import { expect, it } from "vitest";
import { runParts } from "../../../src/system/io/run-parts.ts";

/** A part that takes its time to end, such as keepalived with its VIPs. */
function slowPart(signal: AbortSignal, ended: string[], name: string): Promise<void> {
  return once(signal, "abort").then(async () => {
    for (let turns = 0; turns < 5; turns += 1) await new Promise(setImmediate);
    ended.push(name);
  });
}

it("waits for what was started, in the order in which it ends, where the start itself fails", async () => {
  const ended: string[] = [];
  const run = runParts(async (signal, add) => {
    const keepalived = slowPart(signal, ended, "keepalived");
    add(keepalived);
    add(keepalived.then(() => void ended.push("gate")));
    await new Promise(setImmediate);
    throw new Error("no descriptor is left");
  }, new AbortController().signal);

  await expect(run).rejects.toThrow("no descriptor is left");
  expect(ended).toEqual(["keepalived", "gate"]);
});

it("ends the others where a part fails, and names the first failure, not what follows from it", async () => {
  const ended: string[] = [];
  const run = runParts(async (signal, add) => {
    add(once(signal, "abort").then(() => Promise.reject(new Error("the loop was aborted"))));
    add(slowPart(signal, ended, "keepalived"));
    add(Promise.reject(new Error("STATE_DIR was removed")));
  }, new AbortController().signal);

  await expect(run).rejects.toThrow("STATE_DIR was removed");
  expect(ended).toEqual(["keepalived"]);
});

it("goes on while the start is over and no part has ended, until the agent stops", async () => {
  const stop = new AbortController();
  const ended: string[] = [];
  let isOver = false;
  const run = runParts(async (signal, add) => add(slowPart(signal, ended, "keepalived")), stop.signal);
  void run.then(() => {
    isOver = true;
  });
  await new Promise(setImmediate);
  expect(isOver).toBe(false);

  stop.abort();
  await run;
  expect(ended).toEqual(["keepalived"]);
});
