import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished, vi } from "vitest";
import { everyTick, nextTick } from "../../../src/system/io/ticks.ts";

function newSignal(): AbortController {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  return stop;
}

it("does work of the same period in one wake-up, whenever each was begun", async () => {
  const { signal } = newSignal();
  const done: string[] = [];
  everyTick(1_000, () => done.push("a"), signal);
  await sleep(300);
  everyTick(1_000, () => done.push("b"), signal);
  await expect.poll(() => done.includes("a") && done.includes("b"), { timeout: 20_000 }).toBe(true);
  done.length = 0;
  // what runs between two wake-ups separates them
  everyTick(250, () => setImmediate(() => done.push("|")), signal);
  await expect.poll(() => done.filter((each) => each === "b").length).toBeGreaterThan(1);
  // a busy machine may begin the second one after the first has been done
  expect(done.join("").replaceAll(/\|+/g, "|")).toMatch(/^a*\|?(ab\|)+(ab)?$/);
});

it("ends at the abort, also from within", async () => {
  const stop = newSignal();
  let calls = 0;
  everyTick(
    250,
    () => {
      calls += 1;
      stop.abort();
    },
    stop.signal,
  );
  await nextTick(250, newSignal().signal);
  await nextTick(250, newSignal().signal);
  await nextTick(250, newSignal().signal);
  expect(calls).toBe(1);
});

it("does nothing after an abort, and waits for nothing", async () => {
  let calls = 0;
  everyTick(250, () => (calls += 1), AbortSignal.abort());
  await nextTick(1_000, AbortSignal.abort());
  await nextTick(250, newSignal().signal);
  await nextTick(250, newSignal().signal);
  expect(calls).toBe(0);
});

it("ends a wait at the abort", async () => {
  const stop = newSignal();
  const order: string[] = [];
  const waited = nextTick(1_000, stop.signal).then(() => order.push("waited"));
  order.push("aborted");
  stop.abort();
  await waited;
  expect(order).toEqual(["aborted", "waited"]);
});

it("calls at once after a time in which the process did not run", async () => {
  const { signal } = newSignal();
  let calls = 0;
  everyTick(1_000, () => (calls += 1), signal);
  for (let pause = 0; pause < 4; pause += 1) {
    await nextTick(250, signal);
    const before = calls;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_050);
    await nextTick(250, signal);
    expect(calls).toBe(before + 1);
  }
});

it("wakes as rarely as its work allows, and keeps the periods of all of it", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const wakes = vi.spyOn(globalThis, "setInterval");
  const atMs: number[] = [];
  everyTick(1_000, () => atMs.push(performance.now()), newSignal().signal);
  vi.advanceTimersByTime(2_400);
  const short = newSignal();
  let shortCalls = 0;
  everyTick(250, () => (shortCalls += 1), short.signal);
  vi.advanceTimersByTime(3_100);
  short.abort();
  vi.advanceTimersByTime(5_000);

  expect(wakes.mock.calls.map(([, periodMs]) => periodMs)).toEqual([1_000, 250, 1_000]);
  expect(shortCalls).toBe(12);
  const gapsMs = atMs.slice(1).map((ms, index) => ms - atMs[index]!);
  expect(Math.max(...gapsMs)).toBeLessThanOrEqual(1_250);
  expect(atMs.length).toBeGreaterThanOrEqual(9);
  expect(atMs.length).toBeLessThanOrEqual(12);
});

it("does what is rare with what is not, in its period", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const wakes = vi.spyOn(globalThis, "setInterval");
  const secondsMs: number[] = [];
  const rareMs: number[] = [];
  everyTick(1_000, () => secondsMs.push(performance.now()), newSignal().signal);
  vi.advanceTimersByTime(300);
  const begunMs = performance.now();
  everyTick(5_000, () => rareMs.push(performance.now()), newSignal().signal);
  vi.advanceTimersByTime(60_000);

  expect(wakes.mock.calls.map(([, periodMs]) => periodMs)).toEqual([1_000]);
  expect(secondsMs).toEqual(expect.arrayContaining(rareMs));
  const gapsMs = rareMs.map((ms, index) => ms - (rareMs[index - 1] ?? begunMs));
  expect(Math.max(...gapsMs)).toBeLessThanOrEqual(5_750);
  expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(4_750);
});
