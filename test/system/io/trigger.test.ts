import { expect, it } from "vitest";
import { createTrigger } from "../../../src/system/io/trigger.ts";

it("remembers a firing from before the wait, and merges many into one", async () => {
  const trigger = createTrigger(new AbortController().signal);
  trigger.fire();
  trigger.fire();

  await trigger.wait();
  let hasFired = false;
  const second = trigger.wait().then(() => {
    hasFired = true;
  });
  await Promise.resolve();

  expect(hasFired).toBe(false);
  trigger.fire();
  await second;
  expect(hasFired).toBe(true);
});

it("ends the wait when the signal aborts", async () => {
  const stop = new AbortController();
  const trigger = createTrigger(stop.signal);
  const waiting = trigger.wait();
  stop.abort();

  await expect(waiting).resolves.toBe(true);
  await expect(trigger.wait()).resolves.toBe(true);
});

it("fires once for many calls of fireIn, and not again where it fired before", async () => {
  const trigger = createTrigger(new AbortController().signal);
  for (let count = 0; count < 10; count += 1) trigger.fireIn(20);
  await trigger.wait();
  let firings = 0;
  void trigger.wait().then(() => {
    firings += 1;
  });
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(firings).toBe(0);

  trigger.fireIn(20);
  trigger.fire();
  await Promise.resolve();
  const next = trigger.wait();
  const late = await Promise.race([
    next.then(() => "fired"),
    new Promise((resolve) => setTimeout(resolve, 60)),
  ]);
  expect(late).toBeUndefined();
});

it("leaves no listener behind for each wait", async () => {
  const stop = new AbortController();
  let listeners = 0;
  const add = stop.signal.addEventListener.bind(stop.signal);
  stop.signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  const trigger = createTrigger(stop.signal);
  for (let count = 0; count < 100; count += 1) {
    const waiting = trigger.wait();
    trigger.fire();
    await waiting;
  }

  expect(listeners).toBe(1);
});

it("waits no longer than its time-out, and keeps a firing that comes after that", async () => {
  const trigger = createTrigger(new AbortController().signal);
  await expect(trigger.wait(20)).resolves.toBe(false);

  trigger.fire();
  await Promise.resolve();
  await expect(trigger.wait()).resolves.toBe(true);
});
