import { expect, it } from "vitest";
import { instanceStatus } from "../../src/keepalived/instance-status.ts";
import { explainRefusal, missingFurtherVips, missingVipsOf } from "../../src/status/missing-vip.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const AT = "2026-11-22T14:00:00.000Z";
const TWO = { ...INSTANCE, excludedVips: [{ address: "2001:db8::50", prefix: 128 }] };
const inState = (name: string) => instanceStatus(TWO, { name, since: AT });
const FIRST = { interface: "eth0", address: "198.51.100.50" };
const OTHER = { interface: "eth0", address: "2001:db8::50" };
const otherVip = { group: "main", ...OTHER, prefix: 128 };

it("tells the first VIP from the others, and an interface from another", () => {
  expect(missingVipsOf(inState("MASTER"), [FIRST, OTHER])).toEqual({ first: undefined, others: [] });
  expect(missingVipsOf(inState("MASTER"), [FIRST])).toEqual({ first: undefined, others: [otherVip] });
  expect(missingVipsOf(inState("MASTER"), [{ ...FIRST, interface: "eth1" }, OTHER]).first?.address).toBe(
    FIRST.address,
  );
});

it.each([
  { why: "an owner lacks one", state: "MASTER", held: [FIRST], want: [otherVip] },
  { why: "a backup has none", state: "BACKUP", held: [], want: [] },
  { why: "the first is missing, too: it comes first", state: "MASTER", held: [], want: [] },
  { why: "the addresses could not be read", state: "MASTER", held: undefined, want: [] },
])("repairs $want.length where $why", ({ state, held, want }) => {
  expect(missingFurtherVips([inState(state)], held)).toEqual(want);
});

const ALL = "net.ipv6.conf.all.disable_ipv6";
const ETH0 = "net.ipv6.conf.eth0.disable_ipv6";
it.each<{ vip: typeof FIRST; values: Record<string, number>; want: unknown }>([
  { vip: FIRST, values: {}, want: undefined },
  { vip: OTHER, values: { [ALL]: 0, [ETH0]: 0 }, want: undefined },
  { vip: OTHER, values: { [ALL]: 0, [ETH0]: 1 }, want: `IPv6 is off on eth0 (${ETH0} is 1)` },
  { vip: OTHER, values: { [ALL]: 0 }, want: expect.stringContaining("an MTU of 1280 or more") },
  { vip: OTHER, values: {}, want: "the kernel of this host has no IPv6" },
])("$vip.address with $values: $want", ({ vip, values, want }) => {
  expect(explainRefusal(vip, (name) => values[name])).toEqual(want);
});
