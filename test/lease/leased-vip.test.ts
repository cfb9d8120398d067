import { expect, it } from "vitest";
import { leasedVips, leaseLines } from "../../src/lease/leased-vip.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const V6 = { address: "2001:db8::50", prefix: 128 };

it("leases each VIP of each instance on its interface, once", () => {
  const second = { ...INSTANCE, name: "second", interface: "eth1", excludedVips: [V6] };
  const vips = leasedVips([second, INSTANCE, { ...INSTANCE, name: "former" }]);

  expect(vips).toEqual(leasedVips([INSTANCE, second]));
  expect(vips.filter(({ address }) => address === V6.address)).toEqual([
    { interface: "eth1", address: V6.address },
  ]);
  expect(vips).toContainEqual({ interface: INSTANCE.interface, address: INSTANCE.firstVip.address });
});

it("tells the listener the kernel's family and the bytes of each address", () => {
  const vips = [
    { interface: "eth0", address: "203.0.113.100" },
    { interface: "eth0.5", address: V6.address },
  ];

  expect(leaseLines({ vips, seconds: 2, mayAdopt: false, pidFile: "/run/a b/vrrp.pid" })).toEqual([
    "lease-vip eth0 2 cb007164",
    "lease-vip eth0.5 10 20010db8000000000000000000000050",
    "lease-go 2 0 /run/a b/vrrp.pid",
  ]);
});
