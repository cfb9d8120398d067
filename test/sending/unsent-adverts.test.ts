import { expect, it } from "vitest";
import { advertDestinations, createUnsentAdverts } from "../../src/sending/unsent-adverts.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const [ONE = "", TWO = ""] = INSTANCE.unicast?.peers ?? [];
const MULTICAST = { ...INSTANCE, unicast: undefined };

/** Notes failures at these times, ms, towards these peers. @returns whether the group counts as unheard after the last one. */
function isUnheard(times: readonly number[], peers: readonly (string | undefined)[], instance = INSTANCE) {
  const unsent = createUnsentAdverts();
  for (const time of times) for (const peer of peers) unsent.note("main", peer, time);
  return unsent.isUnheard(instance, times.at(-1) ?? 0);
}

it.each<{ why: string; times: number[]; peers: (string | undefined)[]; want: boolean }>([
  { why: "three adverts in a row reached no peer", times: [0, 200, 400], peers: [ONE, TWO], want: true },
  { why: "two did not", times: [0, 200], peers: [ONE, TWO], want: false },
  { why: "one peer was reached", times: [0, 200, 400, 600], peers: [ONE], want: false },
  { why: "one advert in between was sent", times: [0, 200, 600], peers: [ONE, TWO], want: false },
  { why: "every other advert is sent", times: [0, 400, 800, 1_200], peers: [ONE, TWO], want: false },
  { why: "it fails again", times: [0, 200, 5_000, 5_200, 5_400], peers: [ONE, TWO], want: true },
  { why: "the log arrived late, and at once", times: [700, 700, 700], peers: [ONE, TWO], want: true },
])("is $want where $why", ({ times, peers, want }) => {
  expect(isUnheard(times, peers)).toBe(want);
});

it("knows no peers with multicast", () => {
  expect(isUnheard([0, 200, 400], [undefined], MULTICAST)).toBe(true);
  expect(advertDestinations(MULTICAST)).toEqual(["224.0.0.18"]);
});

it("forgets failures that are over", () => {
  const unsent = createUnsentAdverts();
  for (const time of [0, 200, 400]) unsent.note("main", undefined, time);
  expect(unsent.isUnheard(MULTICAST, 1_000)).toBe(false);
});

it("is patient with slow adverts", () => {
  const slow = { ...MULTICAST, advertIntervalSeconds: 1 };
  expect(isUnheard([0, 1_000, 2_000], [undefined], slow)).toBe(true);
  expect(isUnheard([0, 2_000, 4_000], [undefined], slow)).toBe(false);
});
