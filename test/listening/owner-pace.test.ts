import { describe, expect, it } from "vitest";
import { createOwnerPace } from "../../src/listening/owner-pace.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import { INSTANCE } from "../fixtures/desired.ts";

/** An advert of the owner, with this interval. */
const advert = (intervalSeconds: number, priority = 241): Advert => ({
  source: "198.51.100.12",
  destination: "198.51.100.11",
  ttl: 255,
  version: 3,
  virtualRouterId: 50,
  priority,
  addresses: ["198.51.100.50"],
  authPass: undefined,
  intervalSeconds,
});
const { name, advertIntervalSeconds: OWN } = INSTANCE;

function paceAfter(...adverts: readonly Advert[]) {
  const pace = createOwnerPace();
  pace.setWanted([INSTANCE]);
  const changes = adverts.map((one) => pace.noteAdvert(name, one));
  return { pace, changes, seconds: () => pace.paced(INSTANCE).advertIntervalSeconds };
}

describe("the pace of a slower owner", () => {
  it("is taken after two adverts in a row that state the same", () => {
    const { changes, seconds } = paceAfter(advert(0.6), advert(0.6), advert(0.6));

    expect(changes).toEqual([false, true, false]);
    expect(seconds()).toBe(0.6);
  });

  it("is never above a second: a forged one would keep the VIPs without an owner", () => {
    const { changes, seconds } = paceAfter(advert(1), advert(1), advert(3), advert(3));

    expect(changes).toEqual([false, true, true, false]);
    expect(seconds()).toBe(OWN);
  });

  it("is left as soon as the owner, or another one, is no slower than this host, or this host owns the VIPs", () => {
    const { pace, seconds } = paceAfter(advert(0.6), advert(0.6));
    expect(pace.noteAdvert(name, advert(OWN))).toBe(true);
    expect(seconds()).toBe(OWN);

    const other = paceAfter(advert(0.6), advert(0.6));
    expect(other.pace.forget(name)).toBe(true);
    expect(other.pace.forget(name)).toBe(false);
    expect(other.seconds()).toBe(OWN);
  });

  it("is none of single adverts, of a release, or of a group that this host does not run", () => {
    const { seconds } = paceAfter(advert(0.6), advert(OWN), advert(0.6), advert(0.7), advert(0.7, 0));
    expect(seconds()).toBe(OWN);

    const { pace } = paceAfter(advert(0.6), advert(0.6));
    pace.setWanted([]);
    pace.setWanted([INSTANCE]);
    expect(pace.paced(INSTANCE)).toBe(INSTANCE);
  });

  it("is none of an owner that begins anew in a planned change: it has its own for one election", () => {
    const { pace } = paceAfter(advert(0.6), advert(0.6));
    const elected = { ...INSTANCE, advertIntervalSeconds: 0.05 };

    expect(pace.paced(elected)).toBe(elected);
  });

  it("is none with VRRPv2, whose hosts have one interval", () => {
    const pace = createOwnerPace();
    pace.setWanted([{ ...INSTANCE, vrrpVersion: 2 }]);

    expect(pace.noteAdvert(name, advert(0.6))).toBe(false);
    expect(pace.noteAdvert(name, advert(0.6))).toBe(false);
  });
});
