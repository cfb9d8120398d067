import { expect, it } from "vitest";
import { createBell } from "../../../src/system/io/trigger.ts";

it("remembers a ring that nobody waited for, and many as one", async () => {
  const bell = createBell(new AbortController().signal);
  bell.ring();
  bell.ring();

  await bell.rung();
  let isRung = false;
  const second = bell.rung().then(() => {
    isRung = true;
  });
  await Promise.resolve();

  expect(isRung).toBe(false);
  bell.ring();
  await second;
  expect(isRung).toBe(true);
});

it("ends the wait when the signal aborts", async () => {
  const stop = new AbortController();
  const bell = createBell(stop.signal);
  const waiting = bell.rung();
  stop.abort();

  await expect(waiting).resolves.toBeUndefined();
  await expect(bell.rung()).resolves.toBeUndefined();
});

it("rings once for many calls of ringIn, and not at all where it rang before", async () => {
  const bell = createBell(new AbortController().signal);
  for (let count = 0; count < 10; count += 1) bell.ringIn(20);
  await bell.rung();
  let rings = 0;
  void bell.rung().then(() => {
    rings += 1;
  });
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(rings).toBe(0);

  bell.ringIn(20);
  bell.ring();
  await Promise.resolve();
  const next = bell.rung();
  const late = await Promise.race([
    next.then(() => "rang"),
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
  const bell = createBell(stop.signal);
  for (let count = 0; count < 100; count += 1) {
    const waiting = bell.rung();
    bell.ring();
    await waiting;
  }

  expect(listeners).toBe(1);
});

it("waits no longer than it is told, and keeps a ring that comes after that", async () => {
  const bell = createBell(new AbortController().signal);
  await bell.rung(20);

  bell.ring();
  await Promise.resolve();
  await expect(bell.rung()).resolves.toBeUndefined();
});
