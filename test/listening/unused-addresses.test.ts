import { expect, it } from "vitest";
import { unusedNear } from "../../src/listening/unused-addresses.ts";
import { isInSubnet } from "../../src/network/address.ts";

it("are three of the same network, neither its first nor its last address", () => {
  for (let last = 0; last < 256; last += 1) {
    const found = unusedNear(`198.51.100.${last}`, new Set());

    expect(new Set(found).size).toBe(3);
    for (const address of found) {
      expect(isInSubnet(address, "198.51.100.0", 24)).toBe(true);
      expect(address).not.toMatch(/\.(?:0|255)$/);
      expect(address).not.toBe(`198.51.100.${last}`);
    }
  }
});

it.each(["2001:db8::", "2001:db8::50", "2001:db8::1:ffff", "fe80::1"])("are three near %s", (address) => {
  const found = unusedNear(address, new Set());

  expect(new Set(found).size).toBe(3);
  for (const one of found) expect(isInSubnet(one, address, 112)).toBe(true);
});

it("are none that somebody has", () => {
  const taken = new Set(unusedNear("198.51.100.50", new Set()));

  for (const address of unusedNear("198.51.100.50", taken)) expect(taken).not.toContain(address);
  const all = new Set(Array.from({ length: 254 }, (_, i) => `198.51.100.${i + 1}`));
  expect(unusedNear("198.51.100.50", all)).toEqual([]);
});
