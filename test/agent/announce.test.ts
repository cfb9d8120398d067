/** Who is told of the configuration in force, in which order, and with what. */
import { expect, it } from "vitest";
import { announce } from "../../src/agent/reconcile.ts";
import type { InForce } from "../../src/vrrp/in-force.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const NETWORK = { interfaces: [], defaultRoute: {} };
const KNOWN = {
  network: NETWORK,
  groups: new Set(["main", "refused"]),
  prioritySources: new Map([["main", "derived"]]),
};

/** A step of a planned change that ends the change of "main". */
function tell() {
  const calls: string[] = [];
  const told: InForce[] = [];
  let changing: ReadonlyMap<string, readonly (typeof INSTANCE)[]> = new Map([["main", [INSTANCE]]]);
  const part = (name: string) => ({
    setInForce: (now: InForce) => {
      calls.push(name);
      told.push(now);
    },
  });
  const done = announce(KNOWN, {
    applier: { inForce: [INSTANCE] },
    plannedChanges: {
      get changing() {
        return changing;
      },
      completeStep: async () => {
        await Promise.resolve();
        calls.push("step");
        changing = new Map();
      },
    },
    health: { setHold: (group, reason, by) => void calls.push(`hold ${group} ${by}: ${reason}`) },
    toldAtOnce: [part("states"), part("listening")],
    toldAfterStep: [part("sending"), part("sentinel")],
  });
  return { calls, told, done };
}

it("tells some parts before the step of a planned change, and the others after it", async () => {
  const { calls, done } = tell();
  await done;

  const hold = expect.stringMatching(/^hold main source: .*198\.51\.100\.11/);
  expect(calls).toEqual(["states", "listening", hold, "step", "sending", "sentinel"]);
});

it("tells the later ones which groups are in a planned change after that step", async () => {
  const { told, done } = tell();
  await done;

  const now = { ...KNOWN, instances: [INSTANCE] };
  const before = { ...now, changing: new Map([["main", [INSTANCE]]]) };
  const after = { ...now, changing: new Map() };
  expect(told).toEqual([before, before, after, after]);
});
