import fc from "fast-check";
import { expect, it } from "vitest";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { TICK_MS, World } from "../fixtures/planned-change-world.ts";

const OLD = "198.51.100.50";
const NEW = "198.51.100.60";
const V3: Instance = { ...INSTANCE, firstVip: { address: OLD, prefix: 32 } };
const V2: Instance = { ...V3, vrrpVersion: 2, advertIntervalSeconds: 1, authPass: "blahblah" };
const CHANGES: readonly (readonly [Instance, Instance])[] = [
  [V3, { ...V3, virtualRouterId: 51 }],
  [V3, { ...V3, interface: "eth1" }],
  [V3, V2],
  [V2, V3],
  [V2, { ...V3, virtualRouterId: 51 }],
  [V3, { ...V2, virtualRouterId: 51 }],
  [V3, { ...V3, firstVip: { address: NEW, prefix: 32 } }],
  [V3, { ...V3, virtualRouterId: 51, firstVip: { address: NEW, prefix: 32 }, excludedVips: [V3.firstVip] }],
];
const LEARNED_WITHIN_MS = 10_000;
const LONGEST_GAP_MS = 1_500;

const host = fc.record({
  learnsMs: fc.integer({ min: 0, max: LEARNED_WITHIN_MS }),
  paceMs: fc.integer({ min: 2, max: 10 }).map((ticks) => ticks * TICK_MS),
});

it("never has two owners of one address and soon has one, in whatever order hosts learn of the change", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...CHANGES),
      fc.array(host, { minLength: 2, maxLength: 5 }),
      ([from, to], hosts) => {
        const world = new World(from, to, hosts);
        const kept = [to.firstVip, ...to.excludedVips].some(({ address }) => address === OLD);
        let gapMs = 0;
        for (let nowMs = 0; nowMs < 40_000; nowMs += TICK_MS) {
          world.tick();
          expect(world.owners(OLD)).toBeLessThanOrEqual(1);
          expect(world.owners(NEW)).toBeLessThanOrEqual(1);
          gapMs = world.owners(OLD) + world.owners(NEW) === 0 ? gapMs + TICK_MS : 0;
          expect(gapMs).toBeLessThan(LONGEST_GAP_MS);
        }
        expect(world.isDone).toBe(true);
        expect(world.owners(kept ? OLD : NEW)).toBe(1);
      },
    ),
    { numRuns: 40 },
  );
});

it("has two owners for less than three adverts when one host learns of the change last and late", () => {
  const late = fc.record({ learnsMs: fc.integer({ min: 13_000, max: 45_000 }), paceMs: fc.constant(20) });
  fc.assert(
    fc.property(
      fc.constantFrom(...CHANGES),
      fc.array(host, { minLength: 1, maxLength: 3 }),
      late,
      (change, hosts, last) => {
        const [from, to] = change;
        const world = new World(from, to, [...hosts, last]);
        let doubleMs = 0;
        for (let nowMs = 0; nowMs < 75_000; nowMs += TICK_MS) {
          world.tick();
          const isDouble = world.owners(OLD) > 1 || world.owners(NEW) > 1;
          doubleMs = isDouble ? doubleMs + TICK_MS : 0;
          expect(doubleMs).toBeLessThan(3_000 * from.advertIntervalSeconds);
        }
        expect(world.isDone).toBe(true);
        expect(world.owners(OLD) + world.owners(NEW)).toBeGreaterThan(0);
      },
    ),
    { numRuns: 25 },
  );
});
