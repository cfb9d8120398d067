import pino from "pino";
import { expect, it } from "vitest";
import { openVipLease, type VipLeaseOptions } from "../../src/agent/vip-lease.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import { INSTANCE } from "../fixtures/desired.ts";

it("records a link, a removed VIP and the end of a lease with the groups that had it", async () => {
  const events: JournalEvent[] = [];
  const lease = openVipLease({
    settings: { agent: { vipLeaseSeconds: undefined } },
    stateDir: { path: "/nonexistent" },
    store: { update: () => undefined, reportOf: () => () => undefined },
    record: (event: JournalEvent) => events.push(event),
    onDoubt: () => undefined,
    log: pino({ level: "silent" }),
    signal: new AbortController().signal,
  } as unknown as VipLeaseOptions);
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
