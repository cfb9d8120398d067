import { expect, it } from "vitest";
import { holdLateStarts } from "../../src/agent/late-start.ts";
import type { Instance } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const BESIDE: Instance = { ...INSTANCE, name: "beside", firstVip: { address: "198.51.100.51", prefix: 32 } };
const RENAMED: Instance = { ...INSTANCE, name: "renamed" };
const ALONE: Instance = { ...BESIDE, unicast: { source: "a", peers: ["a"], isAlone: true } };

function start(desired: readonly Instance[], inForce: readonly Instance[]) {
  const held = new Set<string>();
  const released = Promise.withResolvers<string>();
  const hold = (group: string, reason: string | undefined) => {
    if (reason !== undefined) held.add(group);
    else if (held.delete(group)) released.resolve(group);
  };
  const allow = holdLateStarts(desired, inForce, hold);
  return { held, allow, released: released.promise };
}

it("holds a group back that begins beside one that runs, until a moment after", async () => {
  const { held, allow, released } = start([INSTANCE, BESIDE], [INSTANCE]);
  expect([...held]).toEqual(["beside"]);

  allow();
  expect([...held]).toEqual(["beside"]);
  await expect(released).resolves.toBe("beside");
});

it.each([
  { why: "all begin, as keepalived does", desired: [INSTANCE, BESIDE], inForce: [] },
  { why: "a group is only renamed", desired: [RENAMED], inForce: [INSTANCE] },
  { why: "no other host could own its VIP", desired: [INSTANCE, ALONE], inForce: [INSTANCE] },
])("holds nothing back where $why", ({ desired, inForce }) => {
  expect(start(desired, inForce).held.size).toBe(0);
});
