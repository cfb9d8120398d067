/** Groups that change together, there and back, while hosts learn of it seconds apart. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Instance, vipsOf } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { SEVERAL_TICK_MS, type SeveralGroups, SeveralGroupsWorld } from "../fixtures/several-groups-world.ts";

const HOSTS = 3;
/** Two that take over in the same moment hear of each other at once, and decide within this time. */
const TIE_MS = 100;
/** From the last host that learned of the change to the end: an owner changes after 12 s, and its backups follow. */
const SETTLED_MS = 20_000;

function group(name: string, virtualRouterId: number, vip: number): Instance {
  return { ...INSTANCE, name, virtualRouterId, firstVip: { address: `198.51.100.${vip}`, prefix: 32 } };
}
const [FIRST, VERSION, VRID] = [group("first", 53, 102), group("version", 52, 101), group("vrid", 51, 100)];
/** What each group may be. Two groups of one step never share a VRID or a VIP. */
const VARIANTS: readonly (readonly Instance[])[] = [
  [FIRST, group("first", 53, 103), { ...FIRST, virtualRouterId: 63 }],
  [VERSION, { ...VERSION, vrrpVersion: 2, advertIntervalSeconds: 1 }, group("version", 62, 111)],
  [VRID, { ...VRID, virtualRouterId: 61 }, group("vrid", 51, 110)],
];

const version = fc.tuple(...VARIANTS.map((variants) => fc.constantFrom(...variants)));
const learns = (fromMs: number) =>
  fc.array(
    fc.integer({ min: 1, max: 1_000 }).map((tick) => fromMs + tick * SEVERAL_TICK_MS),
    { minLength: HOSTS, maxLength: HOSTS },
  );
const thereAndBack: fc.Arbitrary<SeveralGroups> = fc
  .record({
    first: version,
    second: version,
    learnsMs: fc.tuple(
      learns(0),
      fc.integer({ min: 10_000, max: 40_000 }).chain((ms) => learns(ms - (ms % SEVERAL_TICK_MS))),
    ),
  })
  .map(({ first, second, learnsMs }) => ({ versions: [first, second, first], learnsMs }));

function play(several: SeveralGroups): void {
  const world = new SeveralGroupsWorld(several);
  const vips = VARIANTS.flat().flatMap(vipsOf);
  const endMs = Math.max(...several.learnsMs.flat()) + SETTLED_MS;
  let tieMs = 0;
  for (let nowMs = SEVERAL_TICK_MS; nowMs <= endMs; nowMs += SEVERAL_TICK_MS) {
    world.tick();
    tieMs = vips.some((vip) => world.owners(vip) > 1) ? tieMs + SEVERAL_TICK_MS : 0;
    if (tieMs > TIE_MS) throw new Error(`two owners at ${nowMs} ms`);
  }
  expect(world.held).toEqual([]);
  for (const vip of several.versions.at(-1)?.flatMap(vipsOf) ?? []) expect(world.owners(vip), vip).toBe(1);
}

const RUNS = Number(process.env["CHURN_RUNS"] ?? 8);

it("have an owner and backups soon after a change there and back, and never two owners", () => {
  fc.assert(fc.property(thereAndBack, play), { numRuns: RUNS });
}, 600_000);
