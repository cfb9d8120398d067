import { expect, it } from "vitest";
import { type Evidence, findContradictions } from "../../src/core/contradiction.ts";
import { instanceStatus } from "../../src/core/status.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const AT = "2026-11-22T14:00:00.000Z";
const TWO_VIPS = { ...INSTANCE, excludedVips: [{ address: "2001:db8::50", prefix: 128 }] };
const inState = (name: string) => [instanceStatus(TWO_VIPS, { name, since: AT })];
const HERE = { interface: "eth0", address: "198.51.100.50" };
const SECOND = { interface: "eth0", address: "2001:db8::50" };
const evidence = (change: Partial<Evidence>): Evidence => ({
  isKeepalivedRunning: true,
  instances: inState("MASTER"),
  sightings: [HERE, SECOND],
  silentSince: undefined,
  ...change,
});

it.each<{ why: string; change: Partial<Evidence>; want: string[] }>([
  { why: "the owner has all its VIPs", change: {}, want: [] },
  { why: "a backup has none", change: { instances: inState("BACKUP"), sightings: [] }, want: [] },
  { why: "nothing is in force yet", change: { instances: [], isKeepalivedRunning: false }, want: [] },
  {
    why: "an address of another group is here",
    change: { instances: inState("FAULT"), sightings: [{ interface: "eth0", address: "198.51.100.99" }] },
    want: [],
  },
  {
    why: "the owner lacks one of two",
    change: { sightings: [HERE] },
    want: ["main is MASTER without 2001:db8::50 on eth0"],
  },
  {
    why: "the owner has one on another interface",
    change: { sightings: [{ ...HERE, interface: "eth1" }, SECOND] },
    want: ["main is MASTER without 198.51.100.50 on eth0"],
  },
  {
    why: "a backup has one",
    change: { instances: inState("BACKUP"), sightings: [HERE] },
    want: ["main is BACKUP with 198.51.100.50 on eth0"],
  },
  {
    why: "a host in FAULT has one, wherever",
    change: { instances: inState("FAULT"), sightings: [{ ...HERE, interface: "br-ex" }] },
    want: ["main is FAULT with 198.51.100.50 on br-ex"],
  },
  {
    why: "keepalived is dead and left a VIP behind",
    change: { isKeepalivedRunning: false, instances: inState("STOPPED"), sightings: [HERE] },
    want: [
      "keepalived does not run, so no state that is shown counts",
      "main is STOPPED with 198.51.100.50 on eth0",
    ],
  },
  {
    why: "keepalived is silent",
    change: { silentSince: AT },
    want: [`keepalived has given no account of itself since ${AT}`],
  },
  {
    why: "the kernel cannot be asked",
    change: { sightings: undefined },
    want: ["the addresses of this host cannot be read"],
  },
])("$why: $want", ({ change, want }) => {
  expect(findContradictions(evidence(change))).toEqual(want);
});
