import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_EVIDENCE, type WireEvidence, withFrame, withoutSilent } from "../../src/split-brain/evidence.ts";
import { deriveSuspicions, type Suspicion } from "../../src/split-brain/suspicion.ts";
import type { WatchedGroup } from "../../src/split-brain/watched-group.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { ADVERT, BACKED_UP } from "../fixtures/rival.ts";

const PEER = "198.51.100.12";
const MAC = "02:00:00:00:00:12";
const OWN_MAC = "02:00:00:00:00:11";
const UNKNOWN_HOST = { ...ADVERT, source: "198.51.100.99" };
const VERSION_2: Instance = { ...INSTANCE, vrrpVersion: 2, advertIntervalSeconds: 1, authPass: "secret" };
const OWNER: WatchedGroup = {
  ...BACKED_UP,
  isOwner: true,
  isReceiving: true,
  ownMacs: new Set([OWN_MAC]),
  mac: OWN_MAC,
};
const BACKUP: WatchedGroup = { ...OWNER, isOwner: false };

/** The evidence of an advert that is reported every 250 ms, from first to last. */
function heardFor(
  advert: Advert,
  fromMs: number,
  toMs: number,
  before = NO_EVIDENCE,
  mac = MAC,
): WireEvidence {
  let evidence = before;
  for (let ms = fromMs; ms <= toMs; ms += 250) {
    evidence = withFrame(evidence, { text: "", interface: "eth0", mac, advert }, ms);
  }
  return evidence;
}

function claimed(mac: string, times: readonly number[]): WireEvidence {
  return times.reduce((evidence, ms) => {
    const claim = { address: "198.51.100.50", mac };
    return withFrame(evidence, { text: "", interface: "eth0", mac, claim }, ms);
  }, NO_EVIDENCE);
}

const causes = (suspicions: readonly Suspicion[]) => suspicions.map(({ cause }) => cause);

describe("an advert that goes on for 4 s", () => {
  it.each<[string, Partial<WatchedGroup>, Partial<Advert>, string[]]>([
    ["of the owner that this host backs up is as it should be", BACKUP, {}, []],
    ["of a lower owner is unheard, if keepalived counts it", OWNER, {}, ["unheard"]],
    [
      "of any owner is blocked, if keepalived does not count it",
      { isReceiving: false },
      {},
      ["adverts-blocked"],
    ],
    [
      "of any owner is a second one, if the count is not known",
      { isReceiving: undefined },
      {},
      ["two-owners"],
    ],
    ["of a host that has been owner for a moment is a failover", { sinceMs: 3_000 }, {}, []],
    ["of this host's own address is its own", {}, { source: "198.51.100.11" }, []],
    ["of another virtual router is unrelated", {}, { virtualRouterId: 9, addresses: ["198.51.100.7"] }, []],
    [
      "of a host that is not a peer for our VIP is an unknown host",
      BACKUP,
      { source: UNKNOWN_HOST.source },
      ["unknown-host"],
    ],
    [
      "of a host that is not a peer with our VRID is a foreign router",
      BACKUP,
      { source: UNKNOWN_HOST.source, addresses: ["198.51.100.7"] },
      ["foreign-router"],
    ],
    ["of a peer with another version", BACKUP, { version: 2 }, ["version"]],
    ["of a peer by multicast", BACKUP, { destination: "224.0.0.18" }, ["transport"]],
    ["of a peer with another VRID", BACKUP, { virtualRouterId: 51 }, ["vrid"]],
    ["of a peer with other VIPs", BACKUP, { addresses: ["198.51.100.7"] }, ["vips"]],
    ["of a peer beyond a router", BACKUP, { ttl: 64 }, ["ttl"]],
    [
      "of a peer with another password",
      { ...BACKUP, instance: VERSION_2 },
      { version: 2, intervalSeconds: 1, authPass: "other" },
      ["password"],
    ],
    [
      "of a peer with another interval",
      { ...BACKUP, instance: VERSION_2 },
      { version: 2, intervalSeconds: 2, authPass: "secret" },
      ["interval"],
    ],
    [
      "of what the group was before a planned change is expected",
      { ...BACKUP, changing: [{ ...INSTANCE, virtualRouterId: 51 }] },
      { virtualRouterId: 51 },
      [],
    ],
  ])("%s", (_, group, advert, want) => {
    const found = deriveSuspicions({ ...OWNER, ...group }, heardFor({ ...ADVERT, ...advert }, 0, 4_000));
    expect(causes(found)).toEqual(want);
    for (const { text } of found) expect(text).not.toMatch(/secret|other password/);
  });
});

it("one suspicion names who it is, by address and MAC", () => {
  expect(deriveSuspicions(OWNER, heardFor(ADVERT, 0, 4_000))).toEqual([
    expect.objectContaining({ group: "main", address: PEER, mac: MAC }),
  ]);
});

it.each<[string, WatchedGroup, WireEvidence, string]>([
  ["a second owner", OWNER, heardFor(ADVERT, 0, 4_000), `node-2 (${PEER}, ${MAC}) is owner, too,`],
  [
    "an owner whose adverts are dropped",
    BACKUP,
    heardFor({ ...ADVERT, version: 2 }, 0, 4_000),
    `node-2 (${PEER}, ${MAC}) sends adverts`,
  ],
  [
    "a twin",
    BACKUP,
    heardFor(ADVERT, 0, 3_000, NO_EVIDENCE, OWN_MAC),
    `node-2 (${PEER}) has the MAC address ${OWN_MAC}`,
  ],
  [
    "each of two others that are owners",
    BACKUP,
    heardFor(
      { ...ADVERT, source: "198.51.100.13" },
      0,
      4_000,
      heardFor(ADVERT, 0, 4_000),
      "02:00:00:00:00:13",
    ),
    `198.51.100.13 (02:00:00:00:00:13) and node-2 (${PEER}, ${MAC}) send adverts as owners`,
  ],
])("the text names the host of %s, where metadata lists it", (_, group, evidence, text) => {
  const nameOf = (address: string) => (address === PEER ? "node-2" : undefined);

  expect(deriveSuspicions(group, evidence, nameOf)[0]?.text).toContain(text);
});

it("two others that are owners together are seen by a third host", () => {
  const other = { ...ADVERT, source: "198.51.100.13" };
  const both = heardFor(other, 0, 4_000, heardFor(ADVERT, 0, 4_000), "02:00:00:00:00:13");
  const after = heardFor(other, 1_250, 4_000, heardFor(ADVERT, 0, 1_000), "02:00:00:00:00:13");

  expect(causes(deriveSuspicions(BACKUP, both))).toEqual(["two-owners", "two-owners"]);
  expect(deriveSuspicions(BACKUP, after)).toEqual([]);
});

it("a suspicion comes within 3 s, and goes when the evidence has been gone for 3 s", () => {
  const evidence = heardFor(ADVERT, 0, 3_000);
  expect(deriveSuspicions(OWNER, heardFor(ADVERT, 0, 1_750))).toEqual([]);
  expect(deriveSuspicions(OWNER, evidence)).toHaveLength(1);
  expect(deriveSuspicions(OWNER, withoutSilent(evidence, 6_000))).toEqual([]);
});

describe("of a thousand that go on, the first sixteen of a cause are told", () => {
  const many = (advert: Advert): WireEvidence => {
    let evidence = NO_EVIDENCE;
    for (const ms of [0, 4_000]) {
      for (let host = 0; host < 1_000; host += 1) {
        const source = `203.0.${host >> 8}.${host & 255}`;
        const frame = { text: "", interface: "eth0", mac: MAC, advert: { ...advert, source } };
        evidence = withFrame(evidence, frame, ms);
      }
    }
    return evidence;
  };
  const RARE = { ...ADVERT, intervalSeconds: 40 };
  const MULTICAST = { ...INSTANCE, unicast: undefined };
  const toAll = { ...RARE, destination: "224.0.0.18" };

  it.each<[string, WatchedGroup, Advert]>([
    ["unknown hosts", OWNER, RARE],
    ["foreign routers", OWNER, { ...RARE, addresses: ["198.51.100.7"] }],
    ["owners, to an owner by multicast", { ...OWNER, instance: MULTICAST }, toAll],
    ["owners, to a backup by multicast", { ...BACKUP, instance: MULTICAST }, toAll],
  ])("%s", (_, group, advert) => {
    const found = deriveSuspicions(group, many(advert));
    expect(found).toHaveLength(16);
    expect(found.every(({ address }) => /^203\.0\.0\.\d\d?$/.test(address ?? ""))).toBe(true);
    expect(found.map(({ text }) => text).join("").length).toBeLessThan(16_000);
  });
});

it("an owner that releases the VIPs is gone at once", () => {
  expect(
    deriveSuspicions(OWNER, heardFor({ ...ADVERT, priority: 0 }, 3_250, 3_250, heardFor(ADVERT, 0, 3_000))),
  ).toEqual([]);
});

describe("a host with UNICAST=false by mistake, which looks like a planned change", () => {
  const multicast = { ...INSTANCE, unicast: undefined };
  const advert = { ...ADVERT, destination: "224.0.0.18" };
  const group = { ...BACKUP, changing: [multicast], changingSinceMs: 5_000 };

  it.each([
    { toMs: 34_000, want: [] },
    { toMs: 35_000, want: ["transport"] },
  ])("is named once no change explains it: at $toMs ms $want", ({ toMs, want }) => {
    const found = deriveSuspicions(group, heardFor(advert, 0, toMs));

    expect(causes(found)).toEqual(want);
    for (const { text, hint } of found) {
      expect(text).toContain("they are sent by multicast, this host uses unicast");
      expect(hint).toContain("UNICAST");
    }
  });
});

describe("a machine with this host's own MAC", () => {
  const asking = (address: string, mac: string) =>
    [0, 1_000, 2_000, 3_000].reduce((evidence, ms) => {
      const frame = { text: "", interface: "eth0", mac, claim: { address, mac } };
      return withFrame(evidence, frame, ms);
    }, NO_EVIDENCE);

  it.each<[string, WatchedGroup, WireEvidence, string[]]>([
    ["that asks for its neighbours as a peer is a twin", OWNER, asking(PEER, OWN_MAC), ["same-mac"]],
    ["is one to a backup, too", BACKUP, asking(PEER, OWN_MAC), ["same-mac"]],
    ["that sends adverts is a twin", BACKUP, heardFor(ADVERT, 0, 3_000, NO_EVIDENCE, OWN_MAC), ["same-mac"]],
    [
      "that has this host's address may be a loop in the network",
      OWNER,
      asking("198.51.100.11", OWN_MAC),
      [],
    ],
    ["that has a VIP of this host may be a loop", OWNER, asking("198.51.100.50", OWN_MAC), []],
    [
      "that has an address of no peer may be a container of this host",
      OWNER,
      asking("198.51.100.77", OWN_MAC),
      [],
    ],
    ["is no peer that asks with its own MAC", OWNER, asking(PEER, MAC), []],
    [
      "is no peer whose MAC another interface of this host has, as each docker0 may",
      { ...BACKUP, ownMacs: new Set([OWN_MAC, MAC]) },
      heardFor({ ...ADVERT, version: 2 }, 0, 3_000),
      ["version"],
    ],
    [
      "once is none",
      OWNER,
      withFrame(
        NO_EVIDENCE,
        { text: "", interface: "eth0", mac: OWN_MAC, claim: { address: PEER, mac: OWN_MAC } },
        0,
      ),
      [],
    ],
  ])("%s", (_, group, evidence, want) => {
    expect(causes(deriveSuspicions(group, evidence))).toEqual(want);
  });
});

describe("a host that answers for a VIP", () => {
  it.each<[string, Partial<WatchedGroup>, string, readonly number[], string[]]>([
    ["twice has it", {}, MAC, [2_000, 3_500], ["address-in-use"]],
    ["once may be an owner that has just gone", {}, MAC, [2_000], []],
    ["is this host itself", {}, OWN_MAC, [2_000, 3_500], []],
    ["has a virtual MAC of VRRP", {}, "00:00:5e:00:01:32", [2_000, 3_500], []],
    ["is the owner that this host backs up", BACKUP, MAC, [2_000, 3_500], []],
    ["was the owner before this one", { sinceMs: 3_000 }, MAC, [2_000, 3_500], []],
  ])("%s", (_, group, mac, times, want) => {
    expect(causes(deriveSuspicions({ ...OWNER, ...group }, claimed(mac, times)))).toEqual(want);
  });

  it("and has begun to send adverts is judged by those", () => {
    const evidence = { ...heardFor(ADVERT, 3_000, 3_500), claimants: claimed(MAC, [2_000, 3_500]).claimants };
    expect(deriveSuspicions(OWNER, evidence)).toEqual([]);
  });

  it("and sends adverts is said once", () => {
    const evidence = { ...heardFor(ADVERT, 0, 4_000), claimants: claimed(MAC, [2_000, 3_500]).claimants };
    expect(causes(deriveSuspicions(OWNER, evidence))).toEqual(["unheard"]);
  });
});

it("an owner that stood down without an advert is suspected of nothing more 2.2 s later", () => {
  const claim = { address: "198.51.100.50", mac: MAC };
  let evidence = heardFor(ADVERT, 0, 4_000);
  for (let ms = 0; ms <= 4_000; ms += 250)
    evidence = withFrame(evidence, { text: "", interface: "eth0", mac: MAC, claim }, ms);

  expect(causes(deriveSuspicions(OWNER, withoutSilent(evidence, 5_000)))).toEqual(["unheard"]);
  for (const atMs of [6_150, 7_000, 8_000])
    expect(deriveSuspicions(OWNER, withoutSilent(evidence, atMs))).toEqual([]);
});

it("a failover raises nothing while both hosts are owners for up to 1.5 s", () => {
  const overlap = fc.integer({ min: 0, max: 1_500 });
  fc.assert(
    fc.property(overlap, fc.integer({ min: 0, max: 6_000 }), (overlapMs, atMs) => {
      const endMs = 10_000 + overlapMs;
      const seen = heardFor(ADVERT, 0, Math.min(endMs, 10_000 + atMs));
      const evidence = withoutSilent(seen, 10_000 + atMs);
      // this host became owner at 10 s, and the one before went on for the overlap
      expect(deriveSuspicions({ ...OWNER, sinceMs: 10_000 }, evidence)).toEqual([]);
    }),
  );
});

describe("a flood of forged adverts", () => {
  const forged = (count: number, mac: string, intervalSeconds: number) => {
    let evidence = NO_EVIDENCE;
    for (let index = 0; index < count; index += 1) {
      const advert = {
        ...ADVERT,
        source: `203.0.113.${index % 256}`,
        priority: 1,
        intervalSeconds,
        addresses: [`${index}`],
      };
      evidence = withFrame(evidence, { text: "", interface: "eth0", mac, advert }, 0);
    }
    return evidence;
  };

  it("of one card leaves room for the rival", () => {
    const flooded = forged(2_000, "02:00:00:00:00:99", 1);

    expect(
      withFrame(flooded, { text: "", interface: "eth0", mac: MAC, advert: ADVERT }, 0).senders.size,
    ).toBe(flooded.senders.size + 1);
  });

  it("is forgotten after half a minute, however seldom it says that it speaks", () => {
    expect(withoutSilent(forged(1, MAC, 255), 30_000).senders.size).toBe(1);
    expect(withoutSilent(forged(1, MAC, 255), 30_001).senders.size).toBe(0);
  });
});
