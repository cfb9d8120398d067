import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressNumber,
  addressText,
  isInNetwork,
  lastOf,
  liesIn,
  parseMaskedNetwork,
} from "../../src/network/masked-network.ts";

const networkOf = (text: string) => parseMaskedNetwork(text) ?? expect.fail(`${text} is no network`);
const addressOf = (text: string) => addressNumber(text) ?? expect.fail(`${text} is no address`);

describe("an address as a number", () => {
  it.each([
    { text: "192.0.2.1", number: 0xc000_0201n },
    { text: "0.0.0.0", number: 0n },
    { text: "255.255.255.255", number: 0xffff_ffffn },
    { text: "::", number: 0n },
    { text: "::1", number: 1n },
    { text: "2001:db8::", number: 0x2001_0db8n << 96n },
    { text: "2001:DB8:0:0:0:0:0:10", number: (0x2001_0db8n << 96n) + 16n },
  ])("$text", ({ text, number }) => {
    expect(addressNumber(text)?.number).toBe(number);
  });

  it.each(["", "host", "1.2.3", "1.2.3.256", "1.2.3.4/24", "::1%eth0"])("%s is none", (text) => {
    expect(addressNumber(text)).toBeUndefined();
  });

  it.each(["ipv4", "ipv6"] as const)("is written as it was read, %s", (family) => {
    fc.assert(
      fc.property(fc.bigInt(0n, lastOf(family)), (number) => {
        expect(addressNumber(addressText({ family, number }))?.number).toBe(number);
      }),
    );
  });
});

describe("a network", () => {
  it.each([
    { address: "192.168.10.100", network: "192.168.10.0/24", is: true },
    { address: "192.168.11.100", network: "192.168.10.0/24", is: false },
    { address: "192.168.10.100", network: "192.168.10.100", is: true },
    { address: "192.168.10.100", network: "0.0.0.0/0", is: true },
    { address: "192.77.10.100", network: "192.0.10.100/255.0.255.255", is: true },
    { address: "192.77.11.100", network: "192.0.10.100/255.0.255.255", is: false },
    { address: "2001:db8::5", network: "2001:db8::/64", is: true },
    { address: "2001:db8:1::5", network: "2001:db8::/64", is: false },
    { address: "2001:db8::5", network: "2001:db8::5/ffff::ffff", is: true },
    { address: "2001:db8::5", network: "0.0.0.0/0", is: false },
  ])("$network has $address: $is", ({ address, network, is }) => {
    expect(isInNetwork(addressOf(address), networkOf(network))).toBe(is);
  });

  it.each(["", "host/24", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/24/24", "1.2.3.4/ffff::", "::/129", "::/x"])(
    "%s is none",
    (text) => {
      expect(parseMaskedNetwork(text)).toBeUndefined();
    },
  );

  it.each([
    { inner: "169.254.169.250/32", outer: "169.254.0.0/16", is: true },
    { inner: "169.254.0.0/16", outer: "169.254.0.0/16", is: true },
    { inner: "169.254.0.0/15", outer: "169.254.0.0/16", is: false },
    { inner: "10.0.0.0/8", outer: "169.254.0.0/16", is: false },
    { inner: "fe80::1", outer: "169.254.0.0/16", is: false },
  ])("$inner lies in $outer: $is", ({ inner, outer, is }) => {
    expect(liesIn(networkOf(inner), networkOf(outer))).toBe(is);
  });
});
