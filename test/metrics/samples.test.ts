import { expect, it } from "vitest";
import { ownMember } from "../../src/cluster/members.ts";
import { deriveSamples, type MetricsInput } from "../../src/metrics/samples.ts";
import { METRICS } from "../../src/metrics/table.ts";
import type { Status } from "../../src/status/status.ts";
import { AT, IN_TROUBLE, OWNED, SUSPICION, WELL } from "../fixtures/status.ts";

/** Samples as Prometheus would show them, by name and labels. */
function measured(change: Partial<MetricsInput>): Record<string, number> {
  const samples = deriveSamples({
    status: WELL,
    counts: { transitions: [{ group: "main", state: "MASTER", count: 3 }], rejections: 2, exits: 5 },
    epochSeconds: (time) => Date.parse(time) / 1_000,
    ...change,
  });
  const entries = samples.map(({ name, labels, value }) => [
    `${name} ${Object.values(labels)}`.trim(),
    value,
  ]);
  const shown = Object.fromEntries(entries);
  expect(Object.keys(shown)).toHaveLength(samples.length); // no sample twice
  return shown;
}

const AT_SECONDS = 1_795_356_000;

it.each([
  { name: "build_info 0.1.0", well: 1, inTrouble: 1 },
  { name: "ready", well: 1, inTrouble: 0 },
  { name: "keepalived_running", well: 1, inTrouble: 0 },
  { name: "keepalived_exits_total", well: 5, inTrouble: 5 },
  { name: "gate_up", well: 1, inTrouble: 1 },
  { name: "state main,MASTER", well: 1, inTrouble: 0 },
  { name: "state main,STOPPED", well: 0, inTrouble: 1 },
  { name: "state_changed_timestamp_seconds main", well: AT_SECONDS, inTrouble: AT_SECONDS },
  { name: "is_owner main,198.51.100.50", well: 1, inTrouble: 0 },
  { name: "can_take_over main", well: 0, inTrouble: 0 },
  { name: "priority main", well: 240, inTrouble: 240 },
  { name: "peers main", well: 2, inTrouble: 2 },
  { name: "healthy main", well: 1, inTrouble: 0 },
  { name: "drained main", well: 0, inTrouble: 1 },
  { name: "held_back main", well: 0, inTrouble: 1 },
  { name: "check_verdict main,ports,healthy", well: 1, inTrouble: 0 },
  { name: "check_verdict main,ports,unknown", well: 0, inTrouble: 1 },
  { name: "metadata_source live", well: 1, inTrouble: 0 },
  { name: "metadata_source last-good", well: 0, inTrouble: 1 },
  { name: "metadata_read_timestamp_seconds", well: AT_SECONDS, inTrouble: undefined },
  { name: "configuration_applied_timestamp_seconds", well: AT_SECONDS, inTrouble: undefined },
  { name: "applied_configurations_total", well: 1, inTrouble: 0 },
  { name: "configuration_rejected", well: 0, inTrouble: 1 },
  { name: "rejected_configurations_total", well: 2, inTrouble: 2 },
  { name: "transitions_total main,MASTER", well: 3, inTrouble: 3 },
  { name: "transitions_total main,FAULT", well: 0, inTrouble: 0 },
  { name: "problem keepalived", well: 0, inTrouble: 1 },
  { name: "problem advice", well: 0, inTrouble: 1 },
  { name: "problem metadata", well: 0, inTrouble: 0 },
  { name: "split_brain_suspected main,unheard", well: 0, inTrouble: 0 },
])("$name is $well on a host that is well and $inTrouble on one in trouble", ({ name, well, inTrouble }) => {
  expect(measured({})[name]).toBe(well);
  expect(measured({ status: IN_TROUBLE })[name]).toBe(inTrouble);
});

it("has no gate up where the gate lacks a family, or nft", () => {
  const upWith = (gate: Status["gate"]) => measured({ status: { ...WELL, gate } })["gate_up"];

  expect(upWith({ phase: "on", reason: "not for IPv6: busy" })).toBe(0);
  expect(upWith({ phase: "unavailable", reason: "no nft" })).toBe(0);
});

it("names the owner that is known, and has no sample where none is", () => {
  const owner = { host: "node-2", address: "198.51.100.12", isSelf: false, since: AT };
  const unlisted = { ...OWNED, name: "web", owner: { ...owner, host: undefined } };
  const none = { ...OWNED, name: "db", noOwner: { since: AT, text: "none heard" } };
  const shown = measured({ status: { ...WELL, instances: [{ ...OWNED, owner }, unlisted, none] } });

  expect(Object.entries(shown).filter(([name]) => name.startsWith("owner_info"))).toEqual([
    ["owner_info main,node-2,198.51.100.12", 1],
    ["owner_info web,,198.51.100.12", 1],
  ]);
});

it("counts the suspected owners", () => {
  const splitBrain = ["198.51.100.12", "198.51.100.13"].map((address) => ({
    ...SUSPICION,
    address,
    since: AT,
  }));
  const shown = measured({ status: { ...WELL, splitBrain } });

  expect(shown["split_brain_suspected main,foreign-router"]).toBe(2);
  expect(shown["split_brain_suspected main,unheard"]).toBe(0);
});

it.each<{ what: string; change: object; canTakeOver: number }>([
  { what: "a backup that may own the VIPs", change: {}, canTakeOver: 1 },
  { what: "a backup whose checks fail", change: { isHealthy: false }, canTakeOver: 0 },
  { what: "a backup that is held back", change: { heldBy: "a planned change" }, canTakeOver: 0 },
])("counts $what as $canTakeOver spares", ({ change, canTakeOver }) => {
  const status = {
    ...WELL,
    instances: [{ ...OWNED, state: "BACKUP" }],
    health: WELL.health.map((health) => ({ ...health, ...change })),
  };
  expect(measured({ status })["can_take_over main"]).toBe(canTakeOver);
  // the alert and `status --all` must not contradict each other
  expect(ownMember(status, AT).groups[0]?.reasons.length === 0).toBe(canTakeOver === 1);
});

it("counts the members of the service as peers with multicast, where keepalived.conf names none", () => {
  const member = { host: "node-2", uuid: "u2", addresses: [], presence: "running" } as const;
  const multicast = { ...OWNED, source: undefined, peers: [] };
  const alone = { ...OWNED, peers: [] };

  expect(measured({ status: { ...WELL, members: [member], instances: [multicast] } })["peers main"]).toBe(1);
  expect(measured({ status: { ...WELL, members: [member], instances: [alone] } })["peers main"]).toBe(0);
});

it("has a sample for each VIP and each group", () => {
  const web = { ...OWNED, name: "web", state: "BACKUP", vips: ["198.51.100.60/32", "198.51.100.61/24"] };
  const shown = measured({ status: { ...WELL, instances: [OWNED, web] } });

  expect(Object.entries(shown).filter(([name]) => name.startsWith("is_owner"))).toEqual([
    ["is_owner main,198.51.100.50", 1],
    ["is_owner web,198.51.100.60", 0],
    ["is_owner web,198.51.100.61", 0],
  ]);
});

it("has a sample of every metric but the histogram, with the labels of the table", () => {
  const owner = { host: "node-1", address: "198.51.100.11", isSelf: true, since: AT };
  const samples = deriveSamples({
    status: { ...WELL, instances: [{ ...OWNED, owner }] },
    counts: { transitions: [{ group: "main", state: "MASTER", count: 1 }], rejections: 0, exits: 0 },
    epochSeconds: () => 1,
  });
  const sampled = new Set(samples.map(({ name }) => name));
  const missing = Object.keys(METRICS).filter((name) => !sampled.has(name as keyof typeof METRICS));

  expect(missing).toEqual(["check_probe_duration_seconds"]);
  for (const { name, labels } of samples) expect(Object.keys(labels), name).toEqual(METRICS[name].labels);
});
