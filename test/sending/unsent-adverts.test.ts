import { expect, it } from "vitest";
import { advertDestinations, createUnsentAdverts } from "../../src/sending/unsent-adverts.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const [ONE = "", TWO = ""] = INSTANCE.unicast?.peers ?? [];
const MULTICAST = { ...INSTANCE, unicast: undefined };

/** Notes failures at these times, ms, towards these peers. @returns who is out of reach after the last one. */
function outOfReach(times: readonly number[], peers: readonly (string | undefined)[], instance = INSTANCE) {
  const unsent = createUnsentAdverts();
  for (const time of times) for (const peer of peers) unsent.note("main", peer, time);
  return unsent.outOfReach(instance, times.at(-1) ?? 0);
}

it.each<{ why: string; times: number[]; peers: (string | undefined)[]; want: string[] }>([
  {
    why: "three adverts in a row reached no peer",
    times: [0, 200, 400],
    peers: [ONE, TWO],
    want: [ONE, TWO],
  },
  { why: "two did not", times: [0, 200], peers: [ONE, TWO], want: [] },
  { why: "one peer was reached", times: [0, 200, 400, 600], peers: [ONE], want: [ONE] },
  { why: "one advert in between was sent", times: [0, 200, 600], peers: [ONE, TWO], want: [] },
  { why: "every other advert is sent", times: [0, 400, 800, 1_200], peers: [ONE, TWO], want: [] },
  { why: "it fails again", times: [0, 200, 5_000, 5_200, 5_400], peers: [ONE, TWO], want: [ONE, TWO] },
  { why: "the log arrived late, and at once", times: [700, 700, 700], peers: [ONE, TWO], want: [ONE, TWO] },
])("is $want where $why", ({ times, peers, want }) => {
  expect(outOfReach(times, peers)).toEqual(want);
});

it("knows no peers with multicast", () => {
  expect(outOfReach([0, 200, 400], [undefined], MULTICAST)).toEqual(["224.0.0.18"]);
  expect(advertDestinations(MULTICAST)).toEqual(["224.0.0.18"]);
});

it("forgets failures that are over", () => {
  const unsent = createUnsentAdverts();
  for (const time of [0, 200, 400]) unsent.note("main", undefined, time);
  expect(unsent.outOfReach(MULTICAST, 1_000)).toEqual([]);
});

it("is patient with slow adverts", () => {
  const slow = { ...MULTICAST, advertIntervalSeconds: 1 };
  expect(outOfReach([0, 1_000, 2_000], [undefined], slow)).toHaveLength(1);
  expect(outOfReach([0, 2_000, 4_000], [undefined], slow)).toEqual([]);
});

it("forgets the failures of a group that is gone", () => {
  const unsent = createUnsentAdverts();
  for (const time of [0, 200]) unsent.note("main", undefined, time);
  unsent.retainGroups(new Set(["main"]));
  unsent.note("main", undefined, 400);
  expect(unsent.outOfReach(MULTICAST, 400)).toHaveLength(1);

  unsent.retainGroups(new Set(["web"]));
  unsent.note("main", undefined, 600);
  expect(unsent.outOfReach(MULTICAST, 600)).toEqual([]);
});
