import { expect, it } from "vitest";
import { createKnownAddresses } from "../../src/network/known-addresses.ts";

// lines as iproute2 6.1 prints them on Linux 6.18
const FOREVER =
  "3: eth0    inet 203.0.113.100/32 scope global eth0\\       valid_lft forever preferred_lft forever";
const RENEWED =
  "3: eth0    inet 203.0.113.100/32 scope global dynamic eth0\\       valid_lft 1sec preferred_lft 1sec";
const IPV6 =
  "3: eth0    inet6 2001:db8::100/128 scope global nodad deprecated dynamic autojoin \\       valid_lft 1sec preferred_lft 0sec";

it("an address is new once, however often it is renewed", () => {
  const known = createKnownAddresses();

  expect([FOREVER, RENEWED, RENEWED, FOREVER, IPV6, IPV6].map(known.isRenewal)).toEqual([
    false,
    true,
    true,
    true,
    false,
    true,
  ]);
});

it.each([
  ["is on another interface", RENEWED.replace("3: eth0", "4: eth1")],
  ["has another prefix", RENEWED.replace("/32", "/24")],
  ["has another label", RENEWED.replace("eth0\\", "eth0:vip\\")],
  ["is a secondary one now", RENEWED.replace("global ", "global secondary ")],
  ["is removed", `Deleted ${RENEWED}`],
])("an address that %s is no renewal", (_, line) => {
  const known = createKnownAddresses();
  known.isRenewal(RENEWED);

  expect(known.isRenewal(line)).toBe(false);
});

it("the end of duplicate address detection is no renewal", () => {
  const known = createKnownAddresses();
  known.isRenewal(IPV6.replace("nodad", "tentative"));

  expect(known.isRenewal(IPV6.replace(" nodad", ""))).toBe(false);
});

it("an address is new after a line of its interface: it may have become tentative without one", () => {
  const known = createKnownAddresses();
  const usable = IPV6.replace(" nodad", "");
  known.isRenewal(usable);
  known.isRenewal(FOREVER.replace("3: eth0", "33: eth3"));

  expect(
    known.isRenewal("3: eth0@if2: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue state DOWN group default "),
  ).toBe(false);
  expect(known.isRenewal(usable)).toBe(false);
  expect(known.isRenewal(FOREVER.replace("3: eth0", "33: eth3"))).toBe(true);
});

it("an address that comes back is new", () => {
  const known = createKnownAddresses();
  known.isRenewal(RENEWED);
  known.isRenewal(`Deleted ${RENEWED}`);

  expect(known.isRenewal(RENEWED)).toBe(false);
});

it("nothing is known after lines were lost", () => {
  const known = createKnownAddresses();
  known.isRenewal(RENEWED);
  known.forget();

  expect(known.isRenewal(RENEWED)).toBe(false);
});

it.each(["default via 198.51.100.1 dev eth0 proto ra expires 1800sec", "2: eth0: <UP> mtu 1500", ""])(
  "another line is no renewal: %s",
  (line) => {
    const known = createKnownAddresses();

    expect([known.isRenewal(line), known.isRenewal(line)]).toEqual([false, false]);
  },
);
