import { expect, it } from "vitest";
import { liesIn, parseIpv4, parseIpv4Network } from "../../src/network/ipv4-network.ts";

it.each([
  { address: "192.168.10.100", network: "192.168.10.100/32", want: true },
  { address: "192.168.10.100", network: "192.168.10.100", want: true },
  { address: "192.168.10.10", network: "192.168.10.100/32", want: false },
  { address: "255.255.255.255", network: "0.0.0.0/0", want: true },
  { address: "192.168.11.1", network: "192.168.10.0/23", want: true },
  { address: "192.168.12.1", network: "192.168.10.0/23", want: false },
  { address: "10.7.0.9", network: "10.0.0.9/255.0.255.255", want: true },
  { address: "10.7.1.9", network: "10.0.0.9/255.0.255.255", want: false },
])("$address in $network is $want", ({ address, network, want }) => {
  expect(liesIn(parseIpv4(address)!, parseIpv4Network(network)!)).toBe(want);
});

it.each([
  { inner: "169.254.169.250/32", outer: "169.254.0.0/16", want: true },
  { inner: "169.254.0.0/16", outer: "169.254.0.0/16", want: true },
  { inner: "169.0.0.0/8", outer: "169.254.0.0/16", want: false },
  { inner: "0.0.0.0/0", outer: "169.254.0.0/16", want: false },
])("the network $inner in $outer is $want", ({ inner, outer, want }) => {
  expect(liesIn(parseIpv4Network(inner)!, parseIpv4Network(outer)!)).toBe(want);
});

it.each(["", "1.2.3", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/8/8", "1.2.3.4/-1", "a.b.c.d", "::1"])(
  "%j is no network",
  (text) => {
    expect(parseIpv4Network(text)).toBeUndefined();
  },
);
