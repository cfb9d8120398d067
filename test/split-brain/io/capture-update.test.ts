import { expect, it } from "vitest";
import { createCaptureUpdate } from "../../../src/split-brain/io/capture-update.ts";
import { createKnownFrames } from "../../../src/split-brain/known-frames.ts";
import type { SentinelCapture } from "../../../src/wire/io/wire.ts";
import { BACKED_UP } from "../../fixtures/rival.ts";

const NETWORK = {
  interfaces: [{ name: "eth0", mac: "02:00:00:00:00:11", isLoopback: false, addresses: [] }],
  defaultRoute: {},
};
const RIVAL = { group: "main", interface: "eth0", address: "198.51.100.50", mac: "02:00:00:00:00:12" };

it("tells the wire the first capture, and then changes alone", () => {
  const told: SentinelCapture[] = [];
  const knownFrames = createKnownFrames();
  const wire = { setCapture: (capture: SentinelCapture) => void told.push(capture) };
  const update = createCaptureUpdate({ wire, knownFrames, onRareFrame: () => undefined });
  /** Everything is made anew, as at each judgement. @returns how often the wire was told so far. */
  const timesTold = ({ isOwner = false, rivals = [] as (typeof RIVAL)[] } = {}) => {
    update({ groups: [{ ...BACKED_UP, isOwner }], network: structuredClone(NETWORK), rivals });
    return told.length;
  };

  expect([timesTold(), timesTold()]).toEqual([1, 1]);
  expect([timesTold({ isOwner: true }), timesTold({ isOwner: true })]).toEqual([2, 2]);
  const contested = () => timesTold({ isOwner: true, rivals: [{ ...RIVAL }] });
  expect([contested(), contested()]).toEqual([3, 3]);
  knownFrames.addUnrelated("a frame of another router");
  expect([contested(), contested()]).toEqual([4, 4]);
  expect(
    told.map(({ targets: [target], knownFrames: known }) => [target?.rivals.length, known.length]),
  ).toEqual([
    [0, 0],
    [0, 0],
    [1, 0],
    [1, 1],
  ]);
});
