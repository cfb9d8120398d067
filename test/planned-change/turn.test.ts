import { describe, expect, it } from "vitest";
import { contestedVip, isHeldBack, noteAdvert, noteAnswer } from "../../src/planned-change/planned-change.ts";
import { forElection } from "../../src/planned-change/step.ts";
import { changeTowards, type GroupCourse, type HostNow, takeTurn } from "../../src/planned-change/turn.ts";
import { LONGEST_HOLD_MS, WATCH_MS } from "../../src/planned-change/waits.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { ADVERT } from "../fixtures/rival.ts";

const FIRST: Instance = INSTANCE;
const SECOND: Instance = { ...INSTANCE, virtualRouterId: 51 };
const THIRD: Instance = { ...INSTANCE, virtualRouterId: 52, vrrpVersion: 2, advertIntervalSeconds: 1 };
const COURSE: GroupCourse = { from: FIRST, to: FIRST, remembered: [], found: [] };
const HEARING = {
  ownAddresses: new Set(["198.51.100.11"]),
  memberAddresses: new Set(["198.51.100.12"]),
  strangers: "none",
} as const;

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

describe("a machine that forges a member's adverts, and answers for its VIPs,", () => {
  const host: HostNow = {
    from: SECOND,
    isOwner: false,
    canStay: true,
    isListedElsewhere: false,
    listeningSinceMs: 0,
    hearing: HEARING,
    otherGroups: [],
  };

  const ANSWER = { interface: "eth0", address: FIRST.firstVip.address, mac: "02:00:00:00:00:66" };

  /** The last time at which the host is held back, and its step after that. */
  function play(canAnswer: boolean) {
    const change = changeTowards(undefined, { ...COURSE, to: SECOND }, 0)!;
    let heldMs = 0;
    for (let nowMs = 0; nowMs <= LONGEST_HOLD_MS; nowMs += 1_000) {
      noteAdvert(change, "eth0", ADVERT, nowMs);
      if (canAnswer) noteAnswer(change, ANSWER, nowMs);
      const step = takeTurn(change, host, nowMs);
      if (step.phase === "done") return { heldMs, step };
      if (step.phase === "held") heldMs = nowMs;
    }
    return undefined;
  }

  it.each([
    { canAnswer: false, boundMs: WATCH_MS },
    { canAnswer: true, boundMs: LONGEST_HOLD_MS },
  ])("holds a change up no longer than the bound: $canAnswer", ({ canAnswer, boundMs }) => {
    expect(play(canAnswer)).toMatchObject({
      heldMs: boundMs - 1_000,
      step: { instance: SECOND, ignored: { source: ADVERT.source } },
    });
  });
});

describe("an owner of the new group that hears a member own the VIPs as before", () => {
  const host: HostNow = {
    from: SECOND,
    isOwner: true,
    canAsk: true,
    canStay: true,
    isListedElsewhere: false,
    listeningSinceMs: 0,
    hearing: HEARING,
    otherGroups: [],
  };
  const ANSWER = { interface: "eth0", address: FIRST.firstVip.address, mac: "02:00:00:00:00:66" };

  /** It has changed, listens for a late host, and hears one. */
  function hearLateHost(parts: Partial<HostNow> = {}) {
    const change = changeTowards(undefined, { ...COURSE, to: SECOND }, 0)!;
    takeTurn(change, { ...host, ...parts }, 1_000);
    expect(change.progress.phase).toBe("watching");
    expect(noteAdvert(change, "eth0", ADVERT, 2_000)).toBe(true);
    return { change, step: takeTurn(change, { ...host, ...parts }, 2_000) };
  }

  it("goes on, and asks who else has them", () => {
    const { change, step } = hearLateHost();

    expect(step).toMatchObject({ phase: "watching", ignored: { source: ADVERT.source } });
    expect(contestedVip(change)).toBe(FIRST.firstVip.address);
    // a flood of forged ones costs no more decisions
    expect(noteAdvert(change, "eth0", ADVERT, 2_100)).toBe(false);
    expect(takeTurn(change, host, 3_000)).toMatchObject({ phase: "watching" });
  });

  it("is held back once a machine answers for them, and for as long as that goes on", () => {
    const { change } = hearLateHost();

    expect(noteAnswer(change, ANSWER, 2_100)).toBe(true);
    expect(takeTurn(change, host, 2_100)).toMatchObject({ phase: "held" });
    noteAdvert(change, "eth0", ADVERT, 30_000);
    expect(takeTurn(change, { ...host, isOwner: false }, 30_000)).toMatchObject({ phase: "held" });
  });

  it("is held back at once if it cannot ask", () => {
    const { change, step } = hearLateHost({ canAsk: false });

    expect(step).toMatchObject({ phase: "held" });
    expect(isHeldBack(change)).toBe(true);
  });

  it("is held back at once if it owns them no more", () => {
    const { change } = hearLateHost();

    expect(takeTurn(change, { ...host, isOwner: false }, 2_200)).toMatchObject({ phase: "held" });
  });
});

it("holds a host for as long as the others need from the moment its registered address is right", () => {
  const former = { ...FIRST, unicast: { ...FIRST.unicast!, source: "0.0.0.0" } };
  const change = changeTowards(undefined, { ...COURSE, remembered: [former] }, 0)!;
  const host = {
    from: FIRST,
    isOwner: false,
    canStay: true,
    listeningSinceMs: 0,
    hearing: { ownAddresses: new Set<string>(), memberAddresses: new Set<string>(), strangers: "none" },
    otherGroups: [],
  } as const;
  takeTurn(change, { ...host, isListedElsewhere: true }, 0);
  takeTurn(change, { ...host, isListedElsewhere: true }, 10_000);
  const first = takeTurn(change, { ...host, isListedElsewhere: false }, 21_000);

  expect(first).toMatchObject({ phase: "held", recheckMs: 12_000 });
  // an owner that sends to the address that this host had before, as well
  change.heard = { ...change.heard, newOwnerMs: 21_500 };
  expect(takeTurn(change, { ...host, isListedElsewhere: false }, 32_999)).toMatchObject({ phase: "held" });
  expect(takeTurn(change, { ...host, isListedElsewhere: false }, 33_000)).toMatchObject({ phase: "done" });
});

it("counts from the moment when a host became deaf, not from the beginning of the change", () => {
  const change = changeTowards(undefined, { ...COURSE, to: SECOND, remembered: [FIRST] }, 0)!;
  const host: HostNow = {
    from: SECOND,
    isOwner: false,
    canStay: true,
    isListedElsewhere: false,
    listeningSinceMs: 0,
    hearing: HEARING,
    otherGroups: [],
  };
  takeTurn(change, host, 0);
  const phaseAt = (nowMs: number, listeningSinceMs: number | undefined) => {
    if (listeningSinceMs !== undefined) noteAdvert(change, "eth0", ADVERT, nowMs);
    return takeTurn(change, { ...host, listeningSinceMs }, nowMs).phase;
  };

  expect(phaseAt(29_000, 0)).toBe("held");
  expect(phaseAt(29_050, undefined)).toBe("held");
  expect(phaseAt(31_000, undefined)).toBe("held");
  expect(phaseAt(31_500, 31_400)).toBe("held");
  expect(phaseAt(32_000, undefined)).toBe("held");
  expect(phaseAt(59_900, undefined)).toBe("held");
  expect(phaseAt(60_000, undefined)).toBe("watching");
});
