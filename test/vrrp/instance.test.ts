import { describe, expect, it } from "vitest";
import type { HostNetwork } from "../../src/network/host-network.ts";
import { interfaceNumbers } from "../../src/vrrp/instance.ts";
import { INSTANCE } from "../fixtures/desired.ts";

function networkWithEth0At(index: number): HostNetwork {
  const lo = { name: "lo", isLoopback: true, index: 1, addresses: [] };
  const eth0 = { name: "eth0", isLoopback: false, index, addresses: [] };
  return { interfaces: [lo, eth0], defaultRoute: {} };
}

describe("interfaceNumbers", () => {
  const running = { ...INSTANCE, interface: "eth0" };

  it("tells an interface from a later one of the same name", () => {
    expect(interfaceNumbers([running, { ...running, name: "web" }], networkWithEth0At(2))).toBe("eth0 2");
    expect(interfaceNumbers([running], networkWithEth0At(7))).toBe("eth0 7");
  });
});
