import { beforeEach, expect, it } from "vitest";
import { type NetworkView, openNetworkView } from "../../src/agent/network-view.ts";
import type { LocalNetwork } from "../../src/core/local-network.ts";

let readings: PromiseWithResolvers<LocalNetwork>[];
let view: NetworkView;

beforeEach(() => {
  readings = [];
  view = openNetworkView(() => {
    const reading = Promise.withResolvers<LocalNetwork>();
    readings.push(reading);
    return reading.promise;
  });
});

/** Reads the view, and answers where that asks for the network itself. @returns whether it asked. */
async function asks(): Promise<boolean> {
  const before = readings.length;
  const read = view.read();
  readings[before]?.resolve({ interfaces: [], defaultRoute: {} });
  await read;
  return readings.length > before;
}

it("reads each time as long as changes are not told", async () => {
  expect([await asks(), await asks()]).toEqual([true, true]);
});

it("keeps a reading until a change is told", async () => {
  view.listen(true);
  expect([await asks(), await asks()]).toEqual([true, false]);

  view.outdate();
  expect([await asks(), await asks()]).toEqual([true, false]);
});

it("does not keep a reading during which a change was told", async () => {
  view.listen(true);
  const read = view.read();
  view.outdate();
  readings[0]?.resolve({ interfaces: [], defaultRoute: {} });
  await read;

  expect(await asks()).toBe(true);
});

it("forgets its reading when nobody listens any more", async () => {
  view.listen(true);
  await asks();
  view.listen(false);

  expect([await asks(), await asks()]).toEqual([true, true]);
});

it("keeps nothing of a reading that failed", async () => {
  view.listen(true);
  const read = view.read();
  readings[0]?.reject(new Error("no ip"));
  await expect(read).rejects.toThrow("no ip");

  expect(await asks()).toBe(true);
});
