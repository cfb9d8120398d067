import { expect, it } from "vitest";
import { concerns, withGroups } from "../../src/journal/affected.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import { INSTANCE } from "../fixtures/desired.ts";

const vip = (address: string) => ({ address, prefix: 32 });
const web = { ...INSTANCE, name: "web", interface: "eth0", firstVip: vip("198.51.100.50"), excludedVips: [] };
const db = {
  ...web,
  name: "db",
  interface: "eth1",
  firstVip: vip("203.0.113.50"),
  excludedVips: [vip("2001:db8::50")],
};
const mail = { ...db, name: "mail", firstVip: vip("203.0.113.51"), excludedVips: [] };

it.each<{ event: JournalEvent; groups: readonly string[] | undefined }>([
  { event: { kind: "link", interface: "eth0", isUp: false }, groups: ["web"] },
  { event: { kind: "link", interface: "eth1", isUp: true }, groups: ["db", "mail"] },
  { event: { kind: "link", interface: "eth2", isUp: false }, groups: undefined },
  { event: { kind: "address-lost", address: "203.0.113.51", isVip: true }, groups: ["mail"] },
  { event: { kind: "address-lost", address: "203.0.113.9", isVip: true }, groups: undefined },
  { event: { kind: "lease-ended", address: "2001:db8::50" }, groups: ["db"] },
  { event: { kind: "keepalived-ended", reason: "x" }, groups: undefined },
])("$event affects $groups", ({ event, groups }) => {
  // while a group changes, its former instance and the next one are both there
  const recorded = withGroups(event, [mail, web, db, { ...web, priority: 7 }]);

  expect(recorded).toEqual(groups === undefined ? event : { ...event, groups });
});

it.each<{ event: JournalEvent; of: string[] }>([
  { event: { kind: "drain", group: "web", by: "command" }, of: ["web"] },
  { event: { kind: "link", interface: "eth1", isUp: false, groups: ["db", "mail"] }, of: ["db", "mail"] },
  { event: { kind: "link", interface: "eth1", isUp: false }, of: ["web", "db", "mail"] },
  { event: { kind: "agent-stopping" }, of: ["web", "db", "mail"] },
])("$event concerns $of", ({ event, of }) => {
  const entry = { at: "2026-11-22T03:14:07.000Z", ...event };

  expect(["web", "db", "mail"].filter((group) => concerns(entry, group))).toEqual(of);
});
