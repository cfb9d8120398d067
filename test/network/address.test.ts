import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  canonicalAddress,
  endpointText,
  familyOf,
  isHostAddress,
  isInSubnet,
  isIpv6,
  parsePrefixed,
} from "../../src/network/address.ts";

describe("canonicalAddress", () => {
  it.each([
    { text: "192.0.2.206", want: "192.0.2.206" },
    { text: "2001:DB8:0:0::1", want: "2001:db8::1" },
    { text: "010.0.0.1", want: undefined },
    { text: "1.2.3", want: undefined },
    { text: "256.1.1.1", want: undefined },
    { text: "fe80::1%eth0", want: undefined },
    { text: " 192.0.2.1", want: undefined },
    { text: "", want: undefined },
  ])("reads $text as $want", ({ text, want }) => {
    expect(canonicalAddress(text)).toBe(want);
  });

  it("accepts every IPv4 address and leaves it as it is", () => {
    fc.assert(fc.property(fc.ipV4(), (text) => canonicalAddress(text) === text));
  });

  it("gives the same text for every way of writing an IPv6 address", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const canonical = canonicalAddress(text) ?? "";
        return familyOf(canonical) === "ipv6" && canonicalAddress(canonical) === canonical;
      }),
    );
  });
});

it.each([
  { address: "192.0.2.206", want: false },
  { address: "2001:db8::1", want: true },
  { address: "::", want: true },
])("isIpv6($address) is $want, and familyOf agrees", ({ address, want }) => {
  expect(isIpv6(address)).toBe(want);
  expect(familyOf(address)).toBe(want ? "ipv6" : "ipv4");
});

it.each([
  { host: "192.0.2.1", want: "192.0.2.1:80" },
  { host: "2001:db8::1", want: "[2001:db8::1]:80" },
  { host: "localhost", want: "localhost:80" },
])("writes $host and a port as $want", ({ host, want }) => {
  expect(endpointText(host, 80)).toBe(want);
});

describe("parsePrefixed", () => {
  it.each([
    { text: "192.0.2.1/24", want: { address: "192.0.2.1", prefix: 24 } },
    { text: "192.0.2.1", want: { address: "192.0.2.1", prefix: undefined } },
    { text: "2001:db8::1/128", want: { address: "2001:db8::1", prefix: 128 } },
    { text: "192.0.2.1/33", want: undefined },
    { text: "192.0.2.1/024", want: undefined },
    { text: "192.0.2.1/", want: undefined },
    { text: "192.0.2.1/24/24", want: undefined },
    { text: "192.0.2.1/-1", want: undefined },
  ])("reads $text", ({ text, want }) => {
    expect(parsePrefixed(text)).toEqual(want);
  });
});

it.each([
  { address: "192.0.2.9", network: "192.0.2.1", prefix: 24, want: true },
  { address: "192.0.3.9", network: "192.0.2.1", prefix: 24, want: false },
  { address: "2001:db8::9", network: "192.0.2.1", prefix: 0, want: false },
  { address: "2001:db8::9", network: "2001:db8::1", prefix: 64, want: true },
])("$address in $network/$prefix is $want", ({ address, network, prefix, want }) => {
  expect(isInSubnet(address, network, prefix)).toBe(want);
});

it.each([
  { address: "0.0.0.0", want: false },
  { address: "127.0.0.1", want: false },
  { address: "224.0.0.18", want: false },
  { address: "255.255.255.255", want: false },
  { address: "::1", want: false },
  { address: "::ffff:c000:201", want: false },
  { address: "fe80::1", want: true },
  { address: "198.51.100.1", want: true },
])("$address as an address of a host is $want", ({ address, want }) => {
  expect(isHostAddress(address)).toBe(want);
});
