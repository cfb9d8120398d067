import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { coalesce } from "../../../src/system/io/coalesce.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("acts at once on a call after quiet", () => {
  const act = vi.fn();
  const call = coalesce(act, 100, new AbortController().signal);
  call();
  expect(act).toHaveBeenCalledTimes(1);

  vi.advanceTimersByTime(100);
  expect(act).toHaveBeenCalledTimes(1);
  call();
  expect(act).toHaveBeenCalledTimes(2);
});

it("acts once in each window of a burst, and once after its last call", () => {
  const act = vi.fn();
  const call = coalesce(act, 100, new AbortController().signal);
  for (let ms = 0; ms < 250; ms += 10) {
    call();
    vi.advanceTimersByTime(10);
  }
  expect(act).toHaveBeenCalledTimes(3);

  vi.advanceTimersByTime(1_000);
  expect(act).toHaveBeenCalledTimes(4);
});

it("does nothing after the abort, and leaves no timer", () => {
  const act = vi.fn();
  const stop = new AbortController();
  const call = coalesce(act, 100, stop.signal);
  call();
  call();
  stop.abort();
  expect(vi.getTimerCount()).toBe(0);

  call();
  vi.advanceTimersByTime(1_000);
  expect(act).toHaveBeenCalledTimes(1);
});
