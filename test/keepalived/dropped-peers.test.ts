import { expect, it } from "vitest";
import { createDroppedPeers } from "../../src/keepalived/dropped-peers.ts";
import { parseLogLine } from "../../src/keepalived/log-line.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const PEER = "198.51.100.12";
const LINE = parseLogLine(`(main) unicast source address ${PEER} not a unicast peer`);
const withPeers = (...peers: string[]): Instance[] => [
  { ...INSTANCE, unicast: { source: "198.51.100.11", peers, isAlone: false } },
];

/** The times at which keepalived had to read its configuration again, ms. */
function reloads(timesMs: readonly number[], inForceAt: (ms: number) => readonly Instance[]): number[] {
  const droppedPeers = createDroppedPeers();
  return timesMs.filter((ms) => droppedPeers.observe(LINE, inForceAt(ms), ms) !== undefined);
}

it("finds a peer whose adverts are dropped for 3 s, and ever more rarely where a reload did not help", () => {
  const times = Array.from({ length: 110 }, (_, i) => i * 200);

  expect(reloads(times, () => withPeers(PEER))).toEqual([3_000, 9_000, 21_000]);
});

it("has its first patience again once the adverts were accepted", () => {
  const [first, second] = [0, 60_000].map((start) => Array.from({ length: 17 }, (_, i) => start + i * 200));

  expect(reloads([...first!, ...second!], () => withPeers(PEER))).toEqual([3_000, 63_000]);
});

it.each([
  {
    why: "a host that is no peer",
    times: [0, 1_000, 2_000, 3_000],
    inForceAt: () => withPeers("198.51.100.13"),
  },
  { why: "a moment after a reload", times: [0, 200, 400], inForceAt: () => withPeers(PEER) },
  { why: "single adverts far apart", times: [0, 5_000, 10_000], inForceAt: () => withPeers(PEER) },
  { why: "a reload that is not confirmed", times: [0, 1_000, 2_000, 3_000], inForceAt: () => [] },
  {
    why: "a peer that has just become one",
    times: [0, 1_000, 2_000, 3_000],
    inForceAt: (ms: number) => (ms < 2_000 ? [] : withPeers(PEER)),
  },
])("reloads nothing for $why", ({ times, inForceAt }) => {
  expect(reloads(times, inForceAt)).toEqual([]);
});
