import { expect, it } from "vitest";
import { createVipLacks } from "../../src/status/vip-lacks.ts";

const VIP = { group: "main", interface: "eth0", address: "198.51.100.51", prefix: 32 };

/** Plays seconds: whether the VIP is missing at each, and what a try makes of it. @returns when it was tried. */
function play(seconds: number, isMissing: (second: number, tries: readonly number[]) => boolean) {
  const lacks = createVipLacks();
  const tries: number[] = [];
  const problems: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    const nowMs = 1_000 * second;
    lacks.note(isMissing(second, tries) ? [VIP] : [], nowMs);
    for (const vip of lacks.due(nowMs)) {
      tries.push(second);
      lacks.tried(vip, "a reason", nowMs);
    }
    if (lacks.lasting(nowMs).length > 0) problems.push(second);
  }
  return { lacks, tries, problems };
}

it("puts a VIP back after a second, and counts no problem where that helped", () => {
  const { tries, problems, lacks } = play(10, (_, { length }) => length === 0);
  expect({ tries, problems }).toEqual({ tries: [1], problems: [] });
  expect(lacks.recheckMs(10_000)).toBeGreaterThan(0);
});

it("tries with pauses that grow to a minute, and is a problem after 5 s", () => {
  const { tries, problems } = play(240, () => true);
  expect(tries).toEqual([1, 6, 16, 36, 76, 136, 196]);
  expect(problems[0]).toBe(5);
});

it("is a problem with the third removal within a minute, until the VIP has stayed for one", () => {
  const removedAt = [0, 10, 20];
  const { problems } = play(120, (second) => removedAt.includes(second));
  expect([problems[0], problems.at(-1)]).toEqual([20, 80]);
});

it("keeps the pause of a VIP that is taken off again and again", () => {
  // a program takes it off 2 s after each try
  const { tries } = play(200, (second, done) => {
    const last = done.at(-1);
    return last === undefined || second - last >= 2 || second === last;
  });
  expect(tries).toEqual([1, 6, 16, 36, 76, 136, 196]);
});

it("tries at once what a setting refused and has become possible", () => {
  const { lacks } = play(30, () => true);
  lacks.hurrySkipped(() => true, 30_000);
  expect(lacks.due(30_000)).toEqual([]);

  lacks.skipped(VIP, "IPv6 is off", 30_000);
  lacks.hurrySkipped(() => false, 31_000);
  expect(lacks.due(31_000)).toEqual([]);
  lacks.hurrySkipped(() => true, 31_000);
  expect(lacks.due(31_000)).toEqual([VIP]);
});

it("forgets a VIP that stayed, and those of a group that is gone", () => {
  const { lacks } = play(30, () => true);
  lacks.note([], 31_000);
  expect(lacks.lasting(31_000)).toEqual([]);
  lacks.note([], 91_000);
  expect(lacks.recheckMs(91_000)).toBeUndefined();

  const { lacks: others } = play(30, () => true);
  others.retainGroups(new Set(["web"]));
  expect(others.lasting(30_000)).toEqual([]);
});

it("looks every 5 s whether a setting that refuses the VIP has changed", () => {
  const lacks = createVipLacks();
  const looks: number[] = [];
  for (let second = 0; second < 30; second += 1) {
    lacks.note([VIP], 1_000 * second);
    for (const vip of lacks.due(1_000 * second)) {
      looks.push(second);
      lacks.skipped(vip, "IPv6 is off", 1_000 * second);
    }
  }
  expect(looks).toEqual([1, 6, 11, 16, 21, 26]);
  expect(lacks.lasting(30_000)).toEqual([{ vip: VIP, reason: "IPv6 is off" }]);
});
