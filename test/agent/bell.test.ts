import { expect, it } from "vitest";
import { createBell } from "../../src/agent/bell.ts";

it("remembers a ring that nobody waited for, and many as one", async () => {
  const bell = createBell();
  const stop = new AbortController();
  bell.ring();
  bell.ring();

  await bell.rung(stop.signal);
  let isRung = false;
  const second = bell.rung(stop.signal).then(() => {
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
  const waiting = createBell().rung(stop.signal);
  stop.abort();

  await expect(waiting).resolves.toBeUndefined();
});
