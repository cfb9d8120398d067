import { describe, expect, it } from "vitest";
import { forElection } from "../../src/planned-change/step.ts";
import { changeTowards, type GroupCourse, type HostNow, takeTurn } from "../../src/planned-change/turn.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const FIRST: Instance = INSTANCE;
const SECOND: Instance = { ...INSTANCE, virtualRouterId: 51 };
const THIRD: Instance = { ...INSTANCE, virtualRouterId: 52, vrrpVersion: 2, advertIntervalSeconds: 1 };
const COURSE: GroupCourse = { from: FIRST, to: FIRST, remembered: [], found: [] };

describe("a change", () => {
  it.each<[string, Partial<GroupCourse>, readonly Instance[] | undefined, boolean]>([
    ["is none where the group is as it ran", {}, undefined, false],
    ["leads from what ran", { to: SECOND }, [FIRST], false],
    [
      "joins what an earlier run remembered and what ran",
      { from: SECOND, to: THIRD, remembered: [FIRST] },
      [FIRST, SECOND],
      true,
    ],
    [
      "begins with what a member was heard to run, whatever the memory says",
      { found: [SECOND] },
      [SECOND],
      true,
    ],
    [
      "knows a group once",
      { from: SECOND, to: FIRST, remembered: [SECOND], found: [SECOND] },
      [SECOND],
      true,
    ],
  ])("%s", (_, parts, formerGroups, isHeld) => {
    const change = changeTowards(undefined, { ...COURSE, ...parts }, 0);

    expect(change?.formerGroups).toEqual(formerGroups);
    if (change !== undefined) expect(change.progress).toEqual({ phase: "begun", isHeld });
  });

  it("that is under way joins what is heard later", () => {
    const change = changeTowards(undefined, { ...COURSE, to: SECOND }, 0);
    changeTowards(change, { ...COURSE, to: SECOND, found: [THIRD, SECOND] }, 1_000);

    expect(change).toMatchObject({ formerGroups: [FIRST, THIRD], sinceMs: 0 });
  });
});

it("does not go on with the election of an earlier run", () => {
  const change = changeTowards(
    undefined,
    { ...COURSE, from: forElection(THIRD), to: THIRD, remembered: [FIRST] },
    0,
  );
  const host: HostNow = {
    from: forElection(THIRD),
    isOwner: false,
    canStay: true,
    isListedElsewhere: false,
    listeningSinceMs: 0,
    hearing: { ownAddresses: new Set(), memberAddresses: new Set(), strangers: "none" },
    otherGroups: [],
  };

  expect(takeTurn(change!, host, 0)).toMatchObject({ instance: THIRD, phase: "held" });
});
