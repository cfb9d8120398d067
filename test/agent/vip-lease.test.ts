import pino from "pino";
import { describe, expect, it } from "vitest";
import { openVipLease, type VipLeaseOptions } from "../../src/agent/vip-lease.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import type { HostNetwork, LocalAddress } from "../../src/network/host-network.ts";
import { INSTANCE } from "../fixtures/desired.ts";

function openLease(options: {
  readonly seconds?: number;
  readonly known?: HostNetwork;
  readonly record?: (event: JournalEvent) => void;
}) {
  return openVipLease({
    settings: { agent: { vipLeaseSeconds: options.seconds } },
    stateDir: { path: "/nonexistent" },
    store: { update: () => undefined, reportOf: () => ({ ok: () => undefined }) },
    network: { known: options.known },
    record: options.record,
    onDoubt: () => undefined,
    log: pino({ level: "silent" }),
    signal: AbortSignal.abort(),
  } as unknown as VipLeaseOptions);
}

describe("the VIPs of this host", () => {
  // this machine has no such address
  const vip = { address: "198.51.100.50", prefix: 32, isSecondary: false };
  const places = async (address: LocalAddress, isUrgent: boolean, seconds?: number) => {
    const eth0 = { name: "eth0", isLoopback: false, addresses: [address] };
    const lease = openLease({
      known: { interfaces: [eth0], defaultRoute: {} },
      ...(seconds !== undefined && { seconds }),
    });
    const { held, linksUp } = await lease.observeVips(new Set([vip.address]), isUrgent);
    if (held.length > 0) expect(linksUp).toEqual(new Set(["eth0"]));
    return held.map((place) => place.interface);
  };

  it("are those that are known, or are read where that is urgent", async () => {
    expect(await places(vip, false)).toEqual(["eth0"]);
    expect(await places({ ...vip, hasLifetime: true }, false, 4)).toEqual(["eth0"]);
    expect(await places(vip, true)).toEqual([]);
  });

  it("are read where a VIP was without the lifetime that it gets: that is not announced", async () => {
    expect(await places(vip, false, 4)).toEqual([]);
  });

  it("are read where nothing is known", async () => {
    expect((await openLease({}).observeVips(new Set([vip.address]), false)).held).toEqual([]);
  });
});

it("records a link, a removed VIP and the end of a lease with the groups that had it", async () => {
  const events: JournalEvent[] = [];
  const lease = openLease({ record: (event) => events.push(event) });
  const vip = (address: string) => ({ address, prefix: 32 });
  const web = { ...INSTANCE, name: "web", interface: "eth0", firstVip: vip("198.51.100.50") };
  const db = { ...INSTANCE, name: "db", interface: "eth1", firstVip: vip("203.0.113.50") };
  lease.setInstances([web, db]);

  lease.record({ kind: "address-lost", address: "203.0.113.50", isVip: true });
  lease.record({ kind: "link", interface: "eth1", isUp: false });
  lease.noteLapse("198.51.100.50");
  // the removed VIP is recorded later, and its group may be gone by then
  lease.setInstances([]);

  await expect.poll(() => events.length).toBe(3);
  expect(events).toEqual([
    { kind: "link", interface: "eth1", isUp: false, groups: ["db"] },
    { kind: "lease-ended", address: "198.51.100.50", groups: ["web"] },
    { kind: "address-lost", address: "203.0.113.50", isVip: true, groups: ["db"] },
  ]);
});
