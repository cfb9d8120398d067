import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Advert } from "../../src/vrrp/advert.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { CHURN_TICK_MS, type Churn, ChurnWorld, type Kill } from "../fixtures/churn-world.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const A = { address: "198.51.100.100", prefix: 32 };
const B = { address: "198.51.100.101", prefix: 32 };
const GROUP: Instance = { ...INSTANCE, virtualRouterId: 100, firstVip: A };
const V2 = { vrrpVersion: 2, advertIntervalSeconds: 1, authPass: "blahblah" } as const;
/** Every VIP that two groups share is in both, so that at most one host may have it. */
const GROUPS: readonly Instance[] = [
  GROUP,
  { ...GROUP, virtualRouterId: 101 },
  { ...GROUP, ...V2 },
  { ...GROUP, unicast: undefined },
  { ...GROUP, virtualRouterId: 101, unicast: undefined },
  { ...GROUP, virtualRouterId: 101, firstVip: B, excludedVips: [A] },
  { ...GROUP, ...V2, virtualRouterId: 101, firstVip: B, excludedVips: [A] },
  { ...GROUP, excludedVips: [B] },
];
const HOSTS = 3;
const END_MS = 60_000;
/** Two that take over in the same moment hear of each other at once, and decide within this time. */
const TIE_MS = 100;
/**
 * For each change: three silent intervals of VRRPv2 in the former group, the same in the new one, and a start with its delay.
 * A second change may come just before a host takes over. It starts the time anew.
 */
const LONGEST_GAP_MS = 13_000;

const group = fc.integer({ min: 0, max: GROUPS.length - 1 });
const learnsMs = fc.array(
  fc.integer({ min: 1, max: 1_000 }).map((tick) => tick * CHURN_TICK_MS),
  {
    minLength: HOSTS,
    maxLength: HOSTS,
  },
);

function kills(keepsMemory: fc.Arbitrary<boolean>): fc.Arbitrary<Kill[]> {
  return fc.array(
    fc.record({
      host: fc.integer({ min: 0, max: HOSTS - 1 }),
      atMs: fc.integer({ min: 1, max: 2_000 }).map((tick) => tick * CHURN_TICK_MS),
      downMs: fc.integer({ min: 100, max: 400 }).map((tick) => tick * CHURN_TICK_MS),
      keepsMemory,
    }),
    { maxLength: 4 },
  );
}

/** Runs to the end. Fails for two owners, for a long time without one, and for an end without one. */
function play(churn: Churn, { endMs = END_MS, longestGapMs = LONGEST_GAP_MS } = {}): void {
  const world = new ChurnWorld(churn);
  const vips = [A.address, B.address];
  let [tieMs, gapMs] = [0, 0];
  for (let nowMs = CHURN_TICK_MS; nowMs <= endMs; nowMs += CHURN_TICK_MS) {
    world.tick();
    const counts = vips.map((vip) => world.owners(vip));
    tieMs = Math.max(...counts) > 1 ? tieMs + CHURN_TICK_MS : 0;
    gapMs = world.owners(A.address) === 0 ? gapMs + CHURN_TICK_MS : 0;
    if (tieMs > TIE_MS) throw new Error(`two owners at ${nowMs} ms: ${world.picture}`);
    if (gapMs > longestGapMs) throw new Error(`no owner until ${nowMs} ms: ${world.picture}`);
  }
  expect(world.owners(A.address), world.picture).toBe(1);
}

function changes(count: number): fc.Arbitrary<Pick<Churn, "groups" | "learnsMs">> {
  return fc.record({
    groups: fc
      .array(group, { minLength: count + 1, maxLength: count + 1 })
      .map((numbers) => numbers.map((one) => GROUPS[one]!)),
    learnsMs: fc.array(learnsMs, { minLength: count, maxLength: count }).map((times) =>
      // a host learns of a later change after the earlier one
      times
        .map((row, change) => row.map((ms) => 8_000 * change + ms))
        .map((row, change, all) =>
          row.map((ms, host) =>
            Math.max(...all.slice(0, change + 1).map((earlier) => earlier[host] ?? 0), ms),
          ),
        ),
    ),
  });
}

const RUNS = Number(process.env["CHURN_RUNS"] ?? 24);

describe("never has two owners, and soon has one", () => {
  it.each([
    { what: "one change, with memory", count: 1, keepsMemory: fc.constant(true) },
    { what: "one change, with memory or without", count: 1, keepsMemory: fc.boolean() },
    { what: "two changes, with memory", count: 2, keepsMemory: fc.constant(true) },
    { what: "two changes, with memory or without", count: 2, keepsMemory: fc.boolean() },
  ])(
    "$what",
    ({ count, keepsMemory }) => {
      fc.assert(
        fc.property(changes(count), kills(keepsMemory), (change, killed) =>
          play({ ...change, kills: killed }, { longestGapMs: count * LONGEST_GAP_MS }),
        ),
        { numRuns: RUNS },
      );
    },
    600_000,
  );
});

it("never has two owners while the owner's adverts are further apart than the others'", () => {
  const groups = fc.constantFrom(1, 5, 7).map((next) => [GROUP, GROUPS[next]!]);
  // a backup has heard its owner by then
  const times = fc.tuple(learnsMs.map((each) => each.map((ms) => 4_000 + ms)));
  fc.assert(
    fc.property(groups, times, (wanted, learned) =>
      play(
        { groups: wanted, learnsMs: learned, kills: [], intervals: [3, 0.2, 0.2] },
        { longestGapMs: 20_000 },
      ),
    ),
    { numRuns: RUNS / 2 },
  );
});

/** Of a host with this rank of 55: what 200-254 was, and what 240-254 makes of it. */
function prioritiesAt(rank: number) {
  return { former: 200 + rank, next: 240 + Math.floor((rank * 15) / 55) };
}

it("moves a VIP only with a stop of its owner while versions with other priorities replace each other", () => {
  const rank = fc.integer({ min: 0, max: 54 });
  const priorities = fc.array(rank.map(prioritiesAt), { minLength: HOSTS, maxLength: HOSTS });
  const order = fc.shuffledSubarray([0, 1, 2], { minLength: HOSTS });
  fc.assert(
    fc.property(priorities, order, fc.boolean(), fc.boolean(), (ranks, hosts, isTie, keepsMemory) => {
      const upgrade = hosts.map((host, turn) => ({
        host,
        atMs: 5_000 + 10_000 * turn,
        downMs: 1_000,
        keepsMemory,
      }));
      const world = new ChurnWorld({
        groups: [GROUP, GROUP],
        learnsMs: [[1, 1, 1].map(() => END_MS)],
        kills: upgrade,
        priorities: isTie ? ranks.map(() => ranks[0]!) : ranks,
      });
      const moves: string[] = [];
      let tieMs = 0;
      for (let nowMs = CHURN_TICK_MS; nowMs <= 45_000; nowMs += CHURN_TICK_MS) {
        world.tick();
        const owners = world.ownersOf(A.address);
        tieMs = owners.length > 1 ? tieMs + CHURN_TICK_MS : 0;
        const [owner] = owners;
        if (owners.length === 1 && owner !== undefined && owner !== moves.at(-1)) moves.push(owner);
        if (tieMs > TIE_MS) throw new Error(`two owners at ${nowMs} ms: ${world.picture}`);
      }
      // the first host owns it, and each owner that is replaced hands it over once
      expect(moves.length).toBeLessThanOrEqual(1 + HOSTS);
      expect(world.owners(A.address), world.picture).toBe(1);
    }),
    { numRuns: RUNS },
  );
});

describe("no machine that is no member keeps a VIP without an owner", () => {
  const stranger: Partial<Advert> = { source: "198.51.100.200" };
  const member: Partial<Advert> = { source: "198.51.100.13" };
  it.each<{ what: string; terms: Partial<Advert> }>([
    { what: "its own address", terms: stranger },
    { what: "its own address and TTL 64", terms: { ...stranger, ttl: 64 } },
    { what: "its own address and priority 0", terms: { ...stranger, priority: 0 } },
    { what: "a member's address beyond a router", terms: { ...member, ttl: 64 } },
    {
      what: "a member's address to an address of no host",
      terms: { ...member, destination: "198.51.100.255" },
    },
  ])(
    "with $what",
    ({ terms }) => {
      fc.assert(
        fc.property(
          changes(1),
          kills(fc.boolean()),
          fc.integer({ min: 0, max: 1 }),
          (change, killed, forged) => {
            // keepalived itself takes anybody's word in a group that sends by multicast
            fc.pre(change.groups[forged]?.unicast !== undefined);
            play({ ...change, kills: killed, forged: { group: forged, terms } });
          },
        ),
        { numRuns: RUNS / 2 },
      );
    },
    600_000,
  );
});

it("has an owner after a minute while the address of a dead member is forged next door", () => {
  const [former, wanted] = GROUPS;
  const forged = { group: 0, terms: { source: "198.51.100.13" } };
  const times = [[1_000, 4_000, 9_000]];
  const dead = { host: 2, atMs: 500, downMs: 200_000, keepsMemory: true };
  const churn = { groups: [former!, wanted!], learnsMs: times, kills: [dead], forged };

  play(churn, { endMs: 120_000, longestGapMs: 62_000 });
});
