import { expect, it } from "vitest";
import type { InstanceDump } from "../../../src/keepalived/dump.ts";
import { NO_EVIDENCE, withFrame } from "../../../src/split-brain/evidence.ts";
import { watchHearing } from "../../../src/split-brain/io/advert-count.ts";
import { ADVERT, BACKED_UP } from "../../fixtures/rival.ts";

const OWNER = { ...BACKED_UP, isMaster: true };

function rivalAt(intervalSeconds: number) {
  const advert = { ...ADVERT, intervalSeconds };
  return withFrame(NO_EVIDENCE, { text: "", interface: "eth0", mac: "02:00:00:00:00:12", advert }, 0);
}

function accountOf(received: number): InstanceDump {
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

/** What is known at the last of the looks, 1.1 s apart, at each of which keepalived counts so many. */
async function hearingAfter(intervalSeconds: number, counts: readonly number[]) {
  let index = 0;
  const hearing = watchHearing(async () => [accountOf(counts[index]!)]);
  let heard: boolean | undefined;
  for (; index < counts.length; index += 1) {
    const look = () => hearing.of(OWNER, rivalAt(intervalSeconds), index * 1_100);
    look();
    await new Promise(setImmediate);
    heard = look();
  }
  return heard;
}

it.each<[string, number, readonly number[], boolean | undefined]>([
  ["nothing after one look", 0.2, [7], undefined],
  ["that it hears after two that differ", 0.2, [7, 12], true],
  ["that it is deaf after two that do not", 0.2, [7, 7], false],
  ["that it is deaf where it was not", 0.2, [7, 12, 12], false],
  ["nothing before a rare advert had its time", 5, [7, 7, 7], undefined],
  ["that it hears between two rare adverts", 5, [7, 8, 8, 8], true],
  ["that it is deaf to rare adverts", 5, [7, 7, 7, 7, 7, 7], false],
])("knows %s", async (_, intervalSeconds, counts, want) => {
  expect(await hearingAfter(intervalSeconds, counts)).toBe(want);
});

it("asks nobody while nobody else is an owner", async () => {
  let asked = 0;
  const hearing = watchHearing(async () => {
    asked += 1;
    return [];
  });
  expect(hearing.of(OWNER, NO_EVIDENCE, 0)).toBe(undefined);
  expect(hearing.of({ ...OWNER, isMaster: false }, rivalAt(0.2), 0)).toBe(undefined);
  expect(asked).toBe(0);
});
