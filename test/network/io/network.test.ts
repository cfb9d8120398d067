import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { HostNetwork } from "../../../src/network/host-network.ts";
import { createNetworkCache, type NetworkCache } from "../../../src/network/io/network.ts";

let readings: PromiseWithResolvers<HostNetwork>[];
let view: NetworkCache;
let nowMs: number;

beforeEach(() => {
  nowMs = 100_000;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  readings = [];
  view = createNetworkCache(() => {
    const reading = Promise.withResolvers<HostNetwork>();
    readings.push(reading);
    return reading.promise;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Changes are told, and the last one is a while ago. */
function listen(): void {
  view.setMonitored(true);
  nowMs += 1_000;
}

/** Reads the view, and answers where that asks for the network itself. @returns whether it asked. */
async function asks(): Promise<boolean> {
  const before = readings.length;
  const read = view.read();
  readings[before]?.resolve({ interfaces: [], defaultRoute: {} });
  await read;
  return readings.length > before;
}

it("reads each time as long as changes are not reported", async () => {
  expect([await asks(), await asks()]).toEqual([true, true]);
});

it("keeps a reading for a second while reports are about to arrive, unless one does", async () => {
  view.expectReports();
  expect([await asks(), await asks(), view.validForMs]).toEqual([true, false, 60_000]);

  nowMs += 1_000;
  expect([await asks(), await asks()]).toEqual([true, false]);

  view.invalidate();
  expect([await asks(), await asks()]).toEqual([true, true]);
});

it.each([
  { what: "shared while changes are told", asked: 1, begin: listen },
  { what: "not shared in the second after a change", asked: 2, begin: () => view.setMonitored(true) },
  { what: "not shared while changes are not told", asked: 2, begin: () => undefined },
])("a reading that is under way is $what", async ({ asked, begin }) => {
  begin();
  const both = Promise.all([view.read(), view.read()]);
  expect(readings).toHaveLength(asked);
  for (const reading of readings) reading.resolve({ interfaces: [], defaultRoute: {} });
  await both;
});

it("a reading from before a change is not shared after it", async () => {
  listen();
  const first = view.read();
  view.invalidate();
  nowMs += 1_000;
  const second = view.read();
  expect(readings).toHaveLength(2);
  readings[1]?.resolve({ interfaces: [], defaultRoute: { ipv4: "eth1" } });
  expect(await second).toMatchObject({ defaultRoute: { ipv4: "eth1" } });
  readings[0]?.resolve({ interfaces: [], defaultRoute: {} });
  await vi.waitUntil(() => readings.length === 3, { timeout: 60_000 });
  readings[2]?.resolve({ interfaces: [], defaultRoute: {} });
  await first;
});

it.each([true, false])(
  "discards such a reading once it is known whether reports arrive: %s",
  async (isMonitored) => {
    view.expectReports();
    await asks();
    view.setMonitored(isMonitored);

    expect([await asks(), await asks()]).toEqual([true, true]);
  },
);

it("keeps a reading until a change is reported", async () => {
  listen();
  expect([await asks(), await asks()]).toEqual([true, false]);

  view.invalidate();
  nowMs += 1_000;
  expect([await asks(), await asks()]).toEqual([true, false]);
});

it("keeps no reading in the second after a change, when further changes may not be reported", async () => {
  listen();
  view.invalidate();
  nowMs += 999;

  expect([await asks(), await asks()]).toEqual([true, true]);
});

it("reads again after a minute without a report, and gives the time until then", async () => {
  listen();
  await asks();
  nowMs += 59_999;
  expect([await asks(), view.validForMs]).toEqual([false, 1]);

  nowMs += 1;
  expect(view.validForMs).toBe(0);
  expect([await asks(), view.validForMs]).toEqual([true, 60_000]);
});

it("reads again where a change was reported during a reading, and keeps neither", async () => {
  listen();
  const after = { interfaces: [], defaultRoute: { ipv4: "eth1" } };
  const read = view.read();
  view.invalidate();
  readings[0]?.resolve({ interfaces: [], defaultRoute: {} });
  await vi.waitUntil(() => readings.length === 2, { timeout: 60_000 });
  readings[1]?.resolve(after);

  expect(await read).toBe(after);
  expect(await asks()).toBe(true);
});

it("ends with the third reading where the network changes during each", async () => {
  listen();
  const read = view.read();
  for (let index = 0; index < 3; index += 1) {
    await vi.waitUntil(() => readings.length === index + 1, { timeout: 60_000 });
    view.invalidate();
    readings[index]?.resolve({ interfaces: [], defaultRoute: {} });
  }
  await read;

  expect(readings).toHaveLength(3);
});

it("forgets its reading when changes are no longer monitored", async () => {
  listen();
  await asks();
  view.setMonitored(false);

  expect([await asks(), await asks()]).toEqual([true, true]);
});

it("keeps nothing of a reading that failed", async () => {
  listen();
  const read = view.read();
  readings[0]?.reject(new Error("no ip"));
  await expect(read).rejects.toThrow("no ip");

  expect(await asks()).toBe(true);
});

it("knows a reading as long as it would be used, and no longer", async () => {
  listen();
  expect(view.known).toBeUndefined();

  await asks();
  expect(view.known).toEqual({ interfaces: [], defaultRoute: {} });
  nowMs += 60_000;
  expect(view.known).toBeUndefined();

  await asks();
  expect(view.known).toBeDefined();
  view.invalidate();
  expect(view.known).toBeUndefined();
});
