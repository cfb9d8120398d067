import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AgentError } from "../../../src/errors.ts";
import type { TrackFile } from "../../../src/health/io/track-file.ts";
import { createTrackFileWriter } from "../../../src/health/io/track-file-writer.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A file on a disk that answers when the test says so. */
function onDisk() {
  const stop = new AbortController();
  const writes: { readonly value: boolean; readonly end: PromiseWithResolvers<void> }[] = [];
  const trackFile: TrackFile = {
    set: (value) => {
      const end = Promise.withResolvers<void>();
      writes.push({ value, end });
      return end.promise;
    },
    invalidate: () => undefined,
  };
  /** Codes of the problems, and whether the host was forbidden to own at each. */
  const results: string[] = [];
  let isAllowed = true;
  const write = createTrackFileWriter({
    trackFile,
    isAllowed: () => isAllowed,
    onResult: (problem) =>
      void results.push(`${problem?.code ?? "ok"} ${isAllowed ? "allowed" : "forbidden"}`),
    signal: stop.signal,
  });
  const set = (value: boolean) => {
    isAllowed = value;
    write();
  };
  const answer = async (error?: Error) => {
    const { end } = writes.at(-1)!;
    if (error === undefined) end.resolve();
    else end.reject(error);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { set, answer, results, stop, values: () => writes.map(({ value }) => value) };
}

it("reports a write that does not end, and that it ended", async () => {
  const { set, answer, results } = onDisk();

  set(false);
  await vi.advanceTimersByTimeAsync(999);
  expect(results).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(results).toEqual(["CONF_UNWRITABLE forbidden"]);

  await answer();
  expect(results).toEqual(["CONF_UNWRITABLE forbidden", "ok forbidden"]);
});

it("starts no second write while one hangs, and tells what it cannot say", async () => {
  const { set, answer, results, values } = onDisk();
  set(true);
  await vi.advanceTimersByTimeAsync(1_000);
  set(false);
  set(false);

  expect(values()).toEqual([true]);
  expect(results).toEqual([
    "CONF_UNWRITABLE allowed",
    "CONF_UNWRITABLE forbidden",
    "CONF_UNWRITABLE forbidden",
  ]);

  await answer();
  expect(values()).toEqual([true, false]);
  expect(results.length).toBe(3); // the file does not say so yet

  await answer();
  expect(results.at(-1)).toBe("ok forbidden");
});

it("queues what changes during a write that goes on: each step counts", async () => {
  const { set, answer, results, values } = onDisk();
  set(true);
  set(false);
  set(true);
  await answer();

  expect(values()).toEqual([true, false, true]);
  expect(results).toEqual([]);
});

it("tries a failed write again after a second, until the abort", async () => {
  const { set, answer, results, stop, values } = onDisk();
  set(false);
  await answer(new AgentError("CONF_UNWRITABLE", "no space"));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(values()).toEqual([false, false]);
  expect(results).toEqual(["CONF_UNWRITABLE forbidden"]);

  await answer(new AgentError("CONF_UNWRITABLE", "no space"));
  stop.abort();
  await vi.advanceTimersByTimeAsync(0);
  await answer();
  expect(values().length).toBe(2);
});
