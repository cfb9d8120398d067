import { expect, it } from "vitest";
import { instanceStatus } from "../../src/keepalived/instance-status.ts";
import { findContradictions, type ObservedState } from "../../src/status/contradiction.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const AT = "2026-11-22T14:00:00.000Z";
const TWO_VIPS = { ...INSTANCE, excludedVips: [{ address: "2001:db8::50", prefix: 128 }] };
const inState = (name: string) => [instanceStatus(TWO_VIPS, { name, since: AT })];
const HERE = { interface: "eth0", address: "198.51.100.50" };
const SECOND = { interface: "eth0", address: "2001:db8::50" };
const healthOf = (isHealthy: boolean, heldBy?: string) => new Map([["main", { isHealthy, heldBy }]]);
const observed = (change: Partial<ObservedState>): ObservedState => ({
  isKeepalivedRunning: true,
  instances: inState("MASTER"),
  health: new Map(),
  heldAddresses: [HERE, SECOND],
  linksUp: new Set(["eth0"]),
  silentSince: undefined,
  isHung: false,
  access: new Map(),
  ...change,
});

it.each<{ why: string; change: Partial<ObservedState>; want: string[] }>([
  { why: "the owner has all its VIPs", change: {}, want: [] },
  { why: "a backup has none", change: { instances: inState("BACKUP"), heldAddresses: [] }, want: [] },
  { why: "no group is active yet", change: { instances: [], isKeepalivedRunning: false }, want: [] },
  {
    why: "an address of another group is here",
    change: { instances: inState("FAULT"), heldAddresses: [{ interface: "eth0", address: "198.51.100.99" }] },
    want: [],
  },
  {
    why: "the owner lacks its first VIP",
    change: { heldAddresses: [SECOND] },
    want: ["main is MASTER without 198.51.100.50 on eth0"],
  },
  {
    why: "the owner lacks a further VIP, which decides nothing",
    change: { heldAddresses: [HERE] },
    want: [],
  },
  {
    why: "the owner has one on another interface",
    change: { heldAddresses: [{ ...HERE, interface: "eth1" }, SECOND] },
    want: ["main is MASTER without 198.51.100.50 on eth0"],
  },
  {
    why: "a backup has one",
    change: { instances: inState("BACKUP"), heldAddresses: [HERE] },
    want: ["main is BACKUP with 198.51.100.50 on eth0"],
  },
  {
    why: "a host in FAULT has one, wherever",
    change: { instances: inState("FAULT"), heldAddresses: [{ ...HERE, interface: "br-ex" }] },
    want: ["main is FAULT with 198.51.100.50 on br-ex"],
  },
  {
    why: "keepalived is dead and left a VIP behind",
    change: { isKeepalivedRunning: false, instances: inState("STOPPED"), heldAddresses: [HERE] },
    want: [
      "keepalived does not run, so the states shown are not current",
      "main is STOPPED with 198.51.100.50 on eth0",
    ],
  },
  {
    why: "keepalived is silent",
    change: { silentSince: AT },
    want: [`keepalived has not reported its states since ${AT}`],
  },
  {
    why: "keepalived does not answer at all",
    change: { silentSince: AT, isHung: true },
    want: [`keepalived has not answered since ${AT}`],
  },
  {
    why: "the addresses cannot be read",
    change: { heldAddresses: undefined },
    want: ["the addresses of this host cannot be read"],
  },
  {
    why: "keepalived did not notice that it may own",
    change: { instances: inState("FAULT"), heldAddresses: [], health: healthOf(true) },
    want: [
      expect.stringMatching(
        /^main is FAULT although .* and eth0 is up: .*max_user_instances\), or may not read the file \(check the modes of STATE_DIR/,
      ),
    ],
  },
  {
    why: "keepalived may not read its track file",
    change: {
      instances: inState("FAULT"),
      heldAddresses: [],
      health: healthOf(true),
      access: new Map([["main", { kind: "barred", barrier: "user 0 may not enter /srv (mode 700)" }]]),
    },
    want: [
      "main is FAULT although its track file allows it to own and eth0 is up: keepalived as user 0 may not enter /srv (mode 700)",
    ],
  },
  {
    why: "keepalived may read it, so it did not see it",
    change: {
      instances: inState("FAULT"),
      heldAddresses: [],
      health: healthOf(true),
      access: new Map([["main", { kind: "readable" }]]),
    },
    want: [expect.stringMatching(/max_user_instances\)$/)],
  },
  {
    why: "its interface is down",
    change: { instances: inState("FAULT"), heldAddresses: [], health: healthOf(true), linksUp: new Set() },
    want: [],
  },
  {
    why: "keepalived did not notice that it may not own",
    change: { health: healthOf(true, "a planned change") },
    want: [expect.stringContaining("main is MASTER although its track file forbids it")],
  },
  {
    why: "it is as its health says",
    change: { instances: inState("FAULT"), heldAddresses: [], health: healthOf(false) },
    want: [],
  },
])("$why: $want", ({ change, want }) => {
  expect(findContradictions(observed(change)).map(({ text }) => text)).toEqual(want);
});

const ON_LOOPBACK = { interface: "lo", address: "198.51.100.50", isLoopback: true } as const;
const backupWithVip = { instances: inState("BACKUP"), heldAddresses: [HERE] };
it.each<{ why: string; change: Partial<ObservedState>; want: unknown[] }>([
  {
    why: "a backup's VIP is removed",
    change: backupWithVip,
    want: [{ kind: "remove", addresses: new Set([HERE.address]) }],
  },
  {
    why: "a VIP that an operator set on the loopback interface stays, and is named",
    change: { instances: inState("BACKUP"), heldAddresses: [ON_LOOPBACK] },
    want: [undefined],
  },
  {
    why: "only the VIP that keepalived left is removed beside one on the loopback interface",
    change: { instances: inState("BACKUP"), heldAddresses: [ON_LOOPBACK, SECOND] },
    want: [undefined, { kind: "remove", addresses: new Set([SECOND.address]) }],
  },
  {
    why: "an owner that does not notice a missing VIP is replaced gently, and notifies the others",
    change: { heldAddresses: [SECOND] },
    want: [{ kind: "replace", how: "gently", why: expect.stringContaining("MASTER without") }],
  },
  {
    why: "a keepalived that did not notice its track file reads it again, and moves no VIP",
    change: { health: healthOf(false) },
    want: [{ kind: "reload", why: expect.stringContaining("MASTER although") }],
  },
  {
    why: "a keepalived that does not answer is replaced by force, and cannot notify the others",
    change: { silentSince: AT, isHung: true },
    want: [{ kind: "replace", how: "by force", why: "it did not answer" }],
  },
  {
    why: "a keepalived that cannot write its states goes on",
    change: { silentSince: AT },
    want: [undefined],
  },
  {
    why: "an unconfirmed state removes no address",
    change: { ...backupWithVip, silentSince: AT },
    want: [undefined, undefined],
  },
  {
    why: "a keepalived that reported no state yet may be the owner",
    change: { ...backupWithVip, instances: inState("UNKNOWN") },
    want: [undefined],
  },
])("$why", ({ change, want }) => {
  expect(findContradictions(observed(change)).map(({ remedy }) => remedy)).toEqual(want);
});
