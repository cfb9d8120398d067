import { expect, it } from "vitest";
import { createSerialQueue, shareUpcomingRun } from "../../src/system/serial-queue.ts";

/** A task whose runs end when the test says so. */
function openTask() {
  const runs: PromiseWithResolvers<string>[] = [];
  const call = shareUpcomingRun(() => {
    const run = Promise.withResolvers<string>();
    runs.push(run);
    return run.promise;
  });
  return { runs, call };
}

it("starts a task when the one before it has ended, also where that one failed", async () => {
  const enqueue = createSerialQueue();
  const steps: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = enqueue(async () => {
    steps.push("first starts");
    await gate.promise;
    steps.push("first fails");
    throw new Error("broken");
  });
  const second = enqueue(async () => {
    steps.push("second starts");
    return 2;
  });
  await Promise.resolve();
  expect(steps).toEqual(["first starts"]);

  gate.resolve();
  await expect(first).rejects.toThrow("broken");
  expect(await second).toBe(2);
  expect(steps).toEqual(["first starts", "first fails", "second starts"]);
});

it("calls that come during a run share the next one, which begins after it", async () => {
  const { runs, call } = openTask();
  const first = call();
  await Promise.resolve();
  const later = [call(), call()];
  await Promise.resolve();
  expect(runs).toHaveLength(1);

  runs[0]?.resolve("first");
  expect(await first).toBe("first");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.resolve("second");

  expect(await Promise.all(later)).toEqual(["second", "second"]);
  expect(runs).toHaveLength(2);
});

it("a run that fails rejects the calls that wait for it, and no later ones", async () => {
  const { runs, call } = openTask();
  const first = call();
  await Promise.resolve();
  const second = call();
  runs[0]?.reject(new Error("broken"));

  await expect(first).rejects.toThrow("broken");
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.resolve("whole");
  expect(await second).toBe("whole");

  const third = call();
  await expect.poll(() => runs.length).toBe(3);
  runs[2]?.resolve("again");
  expect(await third).toBe("again");
});
