import { expect, it } from "vitest";
import type { InstanceDump } from "../../../src/keepalived/dump.ts";
import { NO_EVIDENCE, withFrame } from "../../../src/split-brain/evidence.ts";
import { createAdvertCount } from "../../../src/split-brain/io/advert-count.ts";
import { ADVERT, BACKED_UP } from "../../fixtures/rival.ts";

const OWNER = { ...BACKED_UP, isOwner: true };

function rivalAt(intervalSeconds: number, atMs: number) {
  const advert = { ...ADVERT, intervalSeconds };
  return withFrame(NO_EVIDENCE, { text: "", interface: "eth0", mac: "02:00:00:00:00:12", advert }, atMs);
}

function dumpOf(received: number): InstanceDump {
  return {
    instance: "main",
    state: "MASTER",
    virtualRouterId: 50,
    priority: 240,
    effectivePriority: 240,
    advertIntervalSeconds: 0.2,
    vips: [],
    vipsSet: true,
    lastTransition: 0,
    stats: { advert_rcvd: received },
  };
}

/** The last answer, after keepalived was asked every 1.1 s and gave these counts. The other owner ends at `endMs`. */
async function isReceivingAfter(
  intervalSeconds: number,
  counts: readonly number[],
  endMs = Number.POSITIVE_INFINITY,
) {
  let index = 0;
  const advertCount = createAdvertCount(async () => [dumpOf(counts[index]!)]);
  let isReceiving: boolean | undefined;
  for (; index < counts.length; index += 1) {
    const nowMs = index * 1_100;
    const evidence = rivalAt(intervalSeconds, Math.min(nowMs, endMs));
    const ask = () => advertCount.isReceiving(OWNER, evidence, nowMs);
    ask();
    await new Promise(setImmediate);
    isReceiving = ask();
  }
  return isReceiving;
}

it.each<[string, number, readonly number[], boolean | undefined]>([
  ["nothing after one count", 0.2, [7], undefined],
  ["that it receives after two counts that differ", 0.2, [7, 12], true],
  ["that it does not receive after two equal counts", 0.2, [7, 7], false],
  ["that it no longer receives", 0.2, [7, 12, 12], false],
  ["nothing before a rare advert had its time", 5, [7, 7, 7], undefined],
  ["that it receives between two rare adverts", 5, [7, 8, 8, 8], true],
  ["that it does not receive rare adverts", 5, [7, 7, 7, 7, 7, 7], false],
])("knows %s", async (_, intervalSeconds, counts, want) => {
  expect(await isReceivingAfter(intervalSeconds, counts)).toBe(want);
});

it("accuses itself of nothing where the other owner stopped, so that its count stands still", async () => {
  expect(await isReceivingAfter(0.2, [7, 12, 14, 14, 14], 2_000)).toBe(true);
  expect(await isReceivingAfter(0.2, [7, 12, 12, 12, 12], 4_400)).toBe(false);
});

it("does not ask while no other host is owner", async () => {
  let asked = 0;
  const advertCount = createAdvertCount(async () => {
    asked += 1;
    return [];
  });
  expect(advertCount.isReceiving(OWNER, NO_EVIDENCE, 0)).toBe(undefined);
  expect(advertCount.isReceiving({ ...OWNER, isOwner: false }, rivalAt(0.2, 0), 0)).toBe(undefined);
  expect(asked).toBe(0);
});
