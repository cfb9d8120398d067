/** Which groups the listener is told to ask about: those that this host may take over at this moment. */
import { PassThrough } from "node:stream";
import { pino } from "pino";
import { expect, it } from "vitest";
import { openGroupProbe } from "../../src/agent/owner-probe.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import { instanceStatus } from "../../src/keepalived/instance-status.ts";
import type { MetadataStore } from "../../src/metadata/io/store.ts";
import type { LiveSettings } from "../../src/settings/io/settings.ts";
import { parseSettings } from "../../src/settings/settings.ts";
import type { HeardOwner } from "../../src/split-brain/heard-owners.ts";
import { createStatusStore } from "../../src/status/io/store.ts";
import type { Status } from "../../src/status/status.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { viewOf } from "../fixtures/groups.ts";
import { AT, statusOf } from "../fixtures/status.ts";

const NETWORK = {
  interfaces: [
    {
      name: "eth0",
      isLoopback: false,
      mac: "02:00:00:00:00:11",
      addresses: [{ address: "fe80::11", prefix: 64, isSecondary: false }],
    },
  ],
  defaultRoute: {},
};
const inState = (name: string) => [instanceStatus(INSTANCE, { name, since: AT })];
const [HEALTHY] = statusOf({}).health;
const BACKUP: Partial<Status> = { instances: inState("BACKUP"), health: [HEALTHY!] };

function open(env: Readonly<Record<string, string>> = {}) {
  const log = pino({ level: "silent" });
  const settings = parseSettings({ OWNER_PROBE: "0.05", ...env });
  const store = createStatusStore({ version: "0", pid: 1, stateDir: "", log, publish: () => undefined });
  const events: JournalEvent[] = [];
  const hearings = new Map<string, HeardOwner>();
  store.setHearings(
    () => hearings,
    () => true,
  );
  const probe = openGroupProbe({
    settings,
    live: { current: settings } as LiveSettings,
    metadata: { view: viewOf({}), hostNameOf: () => "host-2" } as unknown as MetadataStore,
    store,
    record: (event) => events.push(event),
    hearings: () => hearings,
    log,
    signal: AbortSignal.abort(), // no table of nft is made
  });
  const input = new PassThrough();
  probe.companion.onStart(input, () => undefined);
  const watch = (changing: readonly string[] = [], instance = INSTANCE) =>
    probe.setInForce({
      instances: [instance],
      network: NETWORK,
      changing: new Map(changing.map((group) => [group, []])),
    });
  const told = () => String(input.read() ?? "");
  const isAsked = () => told().includes("probe-group eth0/ipv4/50 ");
  return { probe, store, events, hearings, watch, told, isAsked };
}

it("is told of a group that it backs up, and no longer of one that it owns", () => {
  const { store, watch, isAsked } = open();
  watch();
  expect(isAsked()).toBe(false);
  store.update(BACKUP);
  expect(isAsked()).toBe(true);
  store.update({ instances: inState("MASTER") });
  store.update({ instances: inState("BACKUP") });
  expect(isAsked()).toBe(true);
});

it.each<{ why: string; change: Partial<Status>; changing?: string[]; env?: Record<string, string> }>([
  { why: "is owned by this host", change: { instances: inState("MASTER") } },
  { why: "is in FAULT", change: { instances: inState("FAULT") } },
  { why: "is unhealthy here", change: { health: [{ ...HEALTHY!, isHealthy: false }] } },
  { why: "is drained", change: { health: [{ ...HEALTHY!, isDrained: true, drainedBy: "command" }] } },
  { why: "is held", change: { health: [{ ...HEALTHY!, heldBy: "a planned change" }] } },
  { why: "has no health yet", change: { health: [] } },
  { why: "is in a planned change", change: {}, changing: ["main"] },
  { why: "is not to be asked about", change: {}, env: { OWNER_PROBE: "off" } },
])("is not told of a group that $why", ({ change, changing, env }) => {
  const { store, watch, isAsked } = open(env);
  store.update({ ...BACKUP, ...change });
  watch(changing);

  expect(isAsked()).toBe(false);
});

it("records a takeover, and that its owner was silent, whatever keepalived counts", () => {
  const { probe, store, events, watch } = open();
  store.update(BACKUP);
  watch();
  expect(probe.previousOwner("main", "given-up")).toBe("given-up");
  probe.companion.onLine("took eth0/ipv4/50 c633640c 5 51 271 0");

  const figures = { questions: 5, windowMs: 51, silenceMs: 271, hasAnsweredForItself: false };
  expect(events).toEqual([{ kind: "owner-unanswered", group: "main", owner: "host-2", ...figures }]);
  expect(probe.previousOwner("main", "given-up")).toBe("silent");
  expect(probe.previousOwner("other", "given-up")).toBe("given-up");
});

const MULTICAST = { ...INSTANCE, unicast: undefined };
const MULTICAST_IPV6 = { ...MULTICAST, firstVip: { address: "2001:db8::50", prefix: 128 } };
const heardFrom = (address: string): HeardOwner => {
  return { before: address, phase: "heard", address, priority: 250, since: AT, heardAt: AT };
};

it("is told of an owner that is heard by multicast over IPv6, whatever address it sends from", () => {
  const { store, hearings, watch, told } = open();
  store.update(BACKUP);
  watch([], MULTICAST_IPV6);
  expect(told()).not.toContain("probe-owner ");
  hearings.set("main", heardFrom("fe80::12"));
  store.update({});

  expect(told()).toContain(`probe-owner eth0/ipv6/50 fe80${"0".repeat(26)}12 `);
});

it("is not told of a group of multicast over IPv4 while the table that it needs is missing", () => {
  const { store, hearings, watch, isAsked } = open();
  store.update(BACKUP);
  hearings.set("main", heardFrom("198.51.100.12"));
  watch([], MULTICAST);

  expect(isAsked()).toBe(false);
});
