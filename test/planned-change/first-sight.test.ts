import { describe, expect, it } from "vitest";
import { NOTHING_SEEN, seeAnswer, seeFormerGroup } from "../../src/planned-change/first-sight.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const FORMER: Instance = { ...INSTANCE, virtualRouterId: 51 };
const OTHER: Instance = { ...INSTANCE, vrrpVersion: 2, advertIntervalSeconds: 1 };
const SLOWER: Instance = { ...FORMER, advertIntervalSeconds: 3 };

describe("what a host hears of former groups when a group begins", () => {
  it("counts at once where it owns nothing", () => {
    expect(seeFormerGroup(NOTHING_SEEN, FORMER, false)).toEqual({ found: [FORMER], unproven: [] });
  });

  it("counts for an owner once another machine answers for the first VIP", () => {
    const heard = seeFormerGroup(seeFormerGroup(NOTHING_SEEN, FORMER, true), OTHER, true);

    expect(heard).toEqual({ found: [], unproven: [FORMER, OTHER] });
    expect(seeAnswer(heard, true)).toEqual({ found: [FORMER, OTHER], unproven: [] });
  });

  it("counts no more once the host has lost its VIPs: the new owner answers for them", () => {
    const heard = seeFormerGroup(NOTHING_SEEN, FORMER, true);

    expect(seeAnswer(heard, false)).toEqual(NOTHING_SEEN);
  });

  it("needs no second proof", () => {
    const proven = seeAnswer(seeFormerGroup(NOTHING_SEEN, FORMER, true), true);

    expect(seeFormerGroup(proven, OTHER, true)).toEqual({ found: [FORMER, OTHER], unproven: [] });
  });

  it("is remembered once, with the longest interval", () => {
    const heard = seeFormerGroup(seeFormerGroup(NOTHING_SEEN, FORMER, false), SLOWER, false);

    expect(heard.found).toEqual([SLOWER]);
  });

  it("is bounded, whatever is forged", () => {
    let sight = NOTHING_SEEN;
    for (let vrid = 60; vrid < 100; vrid += 1)
      sight = seeFormerGroup(sight, { ...INSTANCE, virtualRouterId: vrid }, true);

    expect(sight.unproven).toHaveLength(8);
    // what fills the one list leaves the other one free
    expect(seeFormerGroup(sight, FORMER, false).found).toEqual([FORMER]);
  });
});
