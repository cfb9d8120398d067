import { expect, it } from "vitest";
import { announcementTimes } from "../../src/conf/announcements.ts";
import type { Desired } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

/** Groups of equal size. */
function desiredWith(groups: number, vipsEach: number): Desired {
  const excludedVips = Array.from({ length: vipsEach - 1 }, (_, index) => ({
    address: `10.9.${index >> 8}.${index & 255}`,
    prefix: 32,
  }));
  const instances = Array.from({ length: groups }, (_, index) => ({
    ...INSTANCE,
    name: `g${index}`,
    excludedVips,
  }));
  return { routerId: "r", instances };
}

it.each([
  { groups: 0, vipsEach: 1, againSeconds: 1, refreshSeconds: 10 },
  { groups: 1, vipsEach: 1, againSeconds: 1, refreshSeconds: 10 },
  { groups: 2, vipsEach: 6, againSeconds: 1, refreshSeconds: 12 },
  { groups: 1, vipsEach: 300, againSeconds: 2, refreshSeconds: 300 },
  { groups: 100, vipsEach: 4, againSeconds: 3, refreshSeconds: 400 },
])(
  "$groups groups of $vipsEach VIPs: again after $againSeconds s, refreshed every $refreshSeconds s",
  ({ groups, vipsEach, ...want }) => {
    const desired = desiredWith(groups, vipsEach);
    const times = announcementTimes(desired);

    expect(times.announceAgainSeconds).toBe(want.againSeconds);
    expect(times.refreshSeconds).toBe(want.refreshSeconds);
    expect(groups * vipsEach * times.announceIntervalSeconds).toBeLessThanOrEqual(times.announceAgainSeconds);
  },
);
