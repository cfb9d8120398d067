import { expect, it } from "vitest";
import { createReturnedFrames } from "../../src/split-brain/returned-frames.ts";
import type { WatchedGroup } from "../../src/split-brain/watched-group.ts";
import type { WireFrame } from "../../src/wire/frame.ts";
import { ADVERT, BACKED_UP } from "../fixtures/rival.ts";

const OWN_MAC = "02:00:00:00:00:11";
const OWNER: WatchedGroup = { ...BACKED_UP, isOwner: true, mac: OWN_MAC, ownMacs: new Set([OWN_MAC]) };

function frame(change: Partial<WireFrame>): WireFrame {
  return { text: "", interface: "eth0", mac: OWN_MAC, ...change };
}

const own = frame({ claim: { address: "198.51.100.50", mac: OWN_MAC } });

it("advises on the third packet of this host that comes back, and for a minute after the last", () => {
  const returned = createReturnedFrames();
  const told = [0, 10_000, 20_000, 30_000].map((ms) => returned.noteFrame(own, [OWNER], ms));

  expect(told).toEqual([false, false, true, false]);
  expect(returned.advice(90_000)).toEqual([
    `packets of this host (MAC ${OWN_MAC}) come back to eth0: look for a loop in the network, or for a clone of this machine`,
  ]);
  expect(returned.recheckMs).toBeGreaterThan(0);
  expect(returned.advice(90_001)).toEqual([]);
  expect(returned.recheckMs).toBe(undefined);
});

it.each<[string, WatchedGroup, WireFrame]>([
  ["a twin's, with its own address", OWNER, frame({ advert: ADVERT })],
  ["another host's", OWNER, { ...own, mac: "02:00:00:00:00:12" }],
  ["a claim of a VIP that this host backs up", { ...OWNER, isOwner: false }, own],
  ["one on another interface", OWNER, { ...own, interface: "eth1" }],
])("a packet is not this host's that is %s", (_, group, other) => {
  const returned = createReturnedFrames();
  for (let ms = 0; ms < 10; ms += 1) returned.noteFrame(other, [group], ms);

  expect(returned.advice(10)).toEqual([]);
});
