import { describe, expect, it } from "vitest";
import { createHeardOwners, type HeardOwner } from "../../src/split-brain/heard-owners.ts";
import type { WatchedGroup } from "../../src/split-brain/watched-group.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { ADVERT, BACKED_UP } from "../fixtures/rival.ts";

const NODE_2 = "198.51.100.12";
const NODE_3 = "198.51.100.13";
const MULTICAST: WatchedGroup = { ...BACKED_UP, instance: { ...INSTANCE, unicast: undefined } };

function moment(ms: number) {
  return { ms, at: `+${ms}` };
}

/** A host that hears adverts at given times, in ms. */
function listener(group: WatchedGroup = BACKED_UP) {
  const heard = createHeardOwners();
  heard.setGroups([group], moment(0));
  const hearing = (): HeardOwner | undefined => heard.hearings.get(group.instance.name);
  return {
    heard,
    hearing,
    /** Whom it names. */
    owner: () => {
      const now = hearing();
      return now?.phase === "heard" ? now.address : now?.phase;
    },
    hear: (ms: number, change: Partial<Advert> = {}, { isRare = false, link = "eth0" } = {}) => {
      const advert = { ...ADVERT, ...change };
      return heard.noteFrame({ text: "", interface: link, mac: "", advert }, [group], isRare, moment(ms));
    },
    at: (ms: number) => heard.judge(moment(ms)),
  };
}

describe("a backup", () => {
  it("names the owner at its first advert, and says that nothing changed at the next one", () => {
    const { hear, hearing } = listener();

    expect(hearing()).toMatchObject({ phase: "silent", since: "+0" });
    expect([hear(100), hear(300)]).toEqual([true, false]);
    expect(hearing()).toMatchObject({ phase: "heard", address: NODE_2, since: "+100", heardAt: "+300" });
  });

  it("knows since when it owns the VIPs by the kernel, where its adverts are read later", () => {
    const { heard, hearing } = listener();
    const receivedMs = Date.parse("2026-11-22T03:14:05.123Z");
    heard.noteFrame(
      { text: "", interface: "eth0", mac: "", advert: ADVERT, receivedMs },
      [BACKED_UP],
      false,
      moment(20_000),
    );

    const at = "2026-11-22T03:14:05.123Z";
    expect(hearing()).toMatchObject({ phase: "heard", since: at, heardAt: at });
  });

  it("names the owner with multicast, too", () => {
    const { hear, owner } = listener(MULTICAST);
    hear(100, { destination: "224.0.0.18", source: "198.51.100.77" });

    expect(owner()).toBe("198.51.100.77");
  });

  it.each<[string, Partial<Advert>, string | undefined]>([
    ["another VRID", { virtualRouterId: 9 }, undefined],
    ["another VIP", { addresses: ["198.51.100.99"] }, undefined],
    ["a machine that is no peer", { source: "198.51.100.99" }, undefined],
    ["a router between", { ttl: 254 }, undefined],
    ["another interface", {}, "eth1"],
  ])("does not take an advert for the owner's: %s", (_, change, link = "eth0") => {
    const { hear, owner } = listener();

    expect(hear(100, change, { link })).toBe(false);
    expect(owner()).toBe("silent");
  });

  it("knows at once that the owner gave the VIPs up, and who takes them", () => {
    const { hear, hearing, owner } = listener();
    hear(0);
    expect(hear(200, { priority: 0 })).toBe(true);
    expect(hearing()).toMatchObject({ phase: "silent", since: "+200" });

    hear(220, { source: NODE_3 });
    expect(owner()).toBe(NODE_3);
  });

  it("misses a silent owner after three intervals, and says when it was heard last", () => {
    const { hear, hearing, at, heard } = listener();
    hear(1_000);
    expect(heard.nextMs).toBe(2_100);
    expect(at(2_000)).toBe(false);

    expect(at(2_100)).toBe(true);
    expect(hearing()).toMatchObject({ phase: "silent", since: "+1000" });
    expect(heard.nextMs).toBeUndefined();
  });

  it("names the next owner within a second, where the owner of a higher priority died", () => {
    const { hear, owner, at } = listener();
    hear(0, { priority: 254 });
    // it takes over after three intervals and its skew at the earliest
    hear(650, { source: NODE_3, priority: 200 });
    at(1_100);

    expect(owner()).toBe(NODE_3);
  });

  it.each([
    { why: "the higher priority", second: { source: NODE_3, priority: 240 }, owner: NODE_3 },
    { why: "the higher address of the same priority", second: { source: NODE_3 }, owner: NODE_3 },
    {
      why: "the first, where the other has a lower one",
      second: { source: NODE_3, priority: 1 },
      owner: NODE_2,
    },
  ])("names of two that both send the one that keepalived obeys: $why", ({ second, owner: want }) => {
    const { hear, owner } = listener();
    for (let ms = 0; ms < 2_000; ms += 200) {
      hear(ms);
      hear(ms + 10, second);
    }

    expect(owner()).toBe(want);
  });
});

describe("an owner whose adverts are reported every 5 s", () => {
  it("is the owner meanwhile, and is missed after 7 s", () => {
    const { hear, owner, at, heard } = listener();
    hear(0);
    heard.setRare(true, moment(200), "main");
    expect(at(7_100)).toBe(false);
    hear(7_150, {}, { isRare: true });
    expect(at(14_100)).toBe(false);
    expect(owner()).toBe(NODE_2);

    expect(at(14_150)).toBe(true);
    expect(owner()).toBe("silent");
  });

  it("is followed at once by another one of a lower priority", () => {
    const { hear, owner, heard } = listener();
    hear(0, { priority: 254 });
    heard.setRare(true, moment(200));
    hear(5_000, { source: NODE_3, priority: 200 });

    expect(owner()).toBe(NODE_3);
  });

  it("has three intervals to be heard again, once each advert is reported", () => {
    const { owner, hear, at, heard } = listener();
    hear(0);
    heard.setRare(true, moment(200));
    heard.setRare(false, moment(6_000));
    at(7_000);
    expect(owner()).toBe(NODE_2);

    at(7_100);
    expect(owner()).toBe("silent");
  });
});

it("an owner hears nobody, remembers who was it before, and begins anew when it is backup again", () => {
  const { hear, hearing, heard } = listener();
  hear(0);
  heard.setGroups([{ ...BACKED_UP, isOwner: true }], moment(500));
  expect(hear(600)).toBe(false);
  expect(hearing()).toEqual({ phase: "own", before: NODE_2, address: undefined });

  heard.setGroups([BACKED_UP], moment(900));
  expect(hearing()).toMatchObject({ phase: "silent", since: "+900" });
});

it("a pause of this host is no silence of the owner", () => {
  const { hear, owner, at, heard } = listener();
  hear(0);
  heard.notePause(60_000);
  at(60_100);

  expect(owner()).toBe(NODE_2);
});

it("a flood of made-up senders costs no memory, and a group that is gone is forgotten", () => {
  const { hear, heard } = listener(MULTICAST);
  for (let index = 0; index < 1_000; index += 1)
    hear(0, { destination: "224.0.0.18", source: `203.0.113.${index % 250}`, priority: 1 });
  heard.setGroups([], moment(1));

  expect(heard.hearings.size).toBe(0);
  expect(heard.nextMs).toBeUndefined();
});
