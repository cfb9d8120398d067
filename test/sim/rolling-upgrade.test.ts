/** A rolling upgrade of some hosts in simulated time; `npm run bench:growth` has a thousand. */
import { describe, expect, it } from "vitest";
import { type Scenario, simulate } from "./simulation.ts";

const ORDINARY: Scenario = { hosts: 20, batchSize: 1, intervalMs: 10_000, seed: 1 };
/** Five of the hosts are without a container for longer than PEER_REMOVAL_GRACE. */
const SLOW: Scenario = { ...ORDINARY, slowEvery: 4 };

describe("a rolling upgrade", () => {
  it.each([1, 2, 3])("reloads no host where each is back within the grace: seed %d", (seed) => {
    const outcome = simulate({ ...ORDINARY, seed });

    expect(outcome.reloads).toEqual(outcome.reloads.map(() => 0));
    expect(outcome).toMatchObject({ isComplete: true, hasBeenAlone: false, longestDisagreementMs: 0 });
  });

  it.each([1, 2, 3])(
    "reloads each host at most twice for each one that is away for longer: seed %d",
    (seed) => {
      const { reloads, ...outcome } = simulate({ ...SLOW, seed });

      expect(Math.max(...reloads)).toBeGreaterThan(0);
      expect(Math.max(...reloads)).toBeLessThanOrEqual(2 * 5);
      expect(outcome).toMatchObject({ isComplete: true, hasBeenAlone: false });
    },
  );

  it.each([
    { why: "one host after the other", scenario: ORDINARY },
    { why: "five at a time without a pause", scenario: { ...ORDINARY, batchSize: 5, intervalMs: 1_000 } },
    { why: "hosts that are away for long", scenario: SLOW },
  ])("has the owner know every host that could take its VIP: $why", ({ scenario }) => {
    expect(simulate(scenario).longestUnheardByOwnerMs).toBe(0);
  });

  it("goes the same way for the same seed, and another one for another", () => {
    const first = simulate(SLOW);

    expect(simulate(SLOW)).toEqual(first);
    expect(simulate({ ...SLOW, seed: 2 })).not.toEqual(first);
  });
});
