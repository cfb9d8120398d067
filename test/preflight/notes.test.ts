import { expect, it } from "vitest";
import type { InstanceStatus } from "../../src/keepalived/instance-status.ts";
import { LEASE_OFF } from "../../src/lease/status.ts";
import { deriveHostNotes, type NoteFacts } from "../../src/preflight/notes.ts";

const GROUP: InstanceStatus = {
  name: "main",
  state: "BACKUP",
  since: "",
  interface: "eth0",
  virtualRouterId: 100,
  priority: 250,
  prioritySource: "derived",
  vips: ["198.51.100.100/32"],
  source: "198.51.100.11",
  peers: [],
};

function notes(sysctls: Readonly<Record<string, number>>, change: Partial<NoteFacts> = {}): string[] {
  return deriveHostNotes({
    missingCapabilities: [],
    missingPrograms: [],
    groups: [GROUP],
    scheduling: { phase: "realtime" },
    gate: { phase: "on" },
    lease: LEASE_OFF,
    network: { interfaces: [], defaultRoute: { ipv4: "eth0" } },
    sysctl: (name) => sysctls[name],
    ...change,
  });
}

const all = (key: string) => `net.ipv4.conf.all.${key}`;
const own = (key: string) => `net.ipv4.conf.eth0.${key}`;
const elsewhere = { network: { interfaces: [], defaultRoute: { ipv4: "eth1" } } };
const in24 = { groups: [{ ...GROUP, vips: ["198.51.100.100/24"] }] };
const ipv6 = { groups: [{ ...GROUP, vips: ["2001:db8::100/128"] }] };

it.each([
  {
    what: "a keepalived without real-time priority",
    found: notes(
      {},
      { scheduling: { phase: "refused", reason: "chrt cannot be found", hint: "Install it" } },
    ),
    note: /^keepalived runs without real-time priority \(chrt cannot be found\)\. Install it$/,
  },
  {
    what: "a keepalived that no bound ends",
    found: notes({ "kernel.sched_rt_runtime_us": -1 }),
    note: /^kernel\.sched_rt_runtime_us is -1/,
  },
  {
    what: "a kernel that knows no lease",
    found: notes({}, { lease: { seconds: 1, state: "unavailable", reason: "the kernel is too old" } }),
    note: /^VIP_LEASE has no effect \(the kernel is too old\)/,
  },
  {
    what: "a VIP that only its owner can bind",
    found: notes({ "net.ipv4.ip_nonlocal_bind": 0 }),
    note: /ip_nonlocal_bind is 0/,
  },
  {
    what: "a VIP that all can bind",
    found: notes({ "net.ipv4.ip_nonlocal_bind": 1 }),
    note: /ip_nonlocal_bind is 1/,
  },
  {
    what: "the family's own value",
    found: notes({ "net.ipv6.ip_nonlocal_bind": 0 }, ipv6),
    note: /^net\.ipv6\.ip_/,
  },
  {
    what: "a kernel that answers no ARP request",
    found: notes({ [own("arp_ignore")]: 8 }, in24),
    note: /arp_ignore is 8 on eth0.*\. Set net\.ipv4\.conf\.all\.arp_ignore/,
  },
  {
    what: "clients that are refused",
    found: notes({ [own("rp_filter")]: 1 }, elsewhere),
    note: /rp_filter is 1 on eth0.*eth1.*sysctl -w net\.ipv4\.conf\.eth0\.rp_filter=2/,
  },
  {
    what: "a VLAN as sysctl writes it",
    found: notes(
      { "net.ipv4.conf.eth0.10.rp_filter": 1 },
      { ...elsewhere, groups: [{ ...GROUP, interface: "eth0.10" }] },
    ),
    note: /sysctl -w net\.ipv4\.conf\.eth0\/10\.rp_filter=2/,
  },
  {
    what: "no NET_BROADCAST",
    found: notes({}, { missingCapabilities: ["NET_BROADCAST"] }),
    note: /NET_BROADCAST/,
  },
  { what: "no perl", found: notes({}, { missingPrograms: ["perl"] }), note: /perl/ },
  {
    what: "a kernel without owner tables",
    found: notes({}, { gate: { phase: "unavailable", reason: "nft: Operation not supported" } }),
    note: /^no gate \(nft: Operation not supported\)/,
  },
])("notes $what", ({ found, note }) => {
  expect(found).toEqual([expect.stringMatching(note)]);
});

it.each([
  { what: "arp_ignore that asks for the same subnet", found: notes({ [all("arp_ignore")]: 2 }) },
  { what: "arp_ignore of a load balancer", found: notes({ [all("arp_ignore")]: 1 }) },
  { what: "rp_filter by the default route", found: notes({ [own("rp_filter")]: 1 }) },
  { what: "loose rp_filter", found: notes({ [own("rp_filter")]: 1, [all("rp_filter")]: 2 }, elsewhere) },
  { what: "ARP for IPv6", found: notes({ [all("arp_ignore")]: 8 }, ipv6) },
  { what: "a value that cannot be read", found: notes({}) },
])("notes nothing of $what", ({ found }) => expect(found).toEqual([]));

it("has the same note for two groups once", () => {
  const groups = [GROUP, { ...GROUP, name: "other" }];

  expect(notes({ "net.ipv4.ip_nonlocal_bind": 0, [own("arp_ignore")]: 8 }, { groups })).toHaveLength(2);
});
