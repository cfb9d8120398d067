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
import { createStatusStore } from "../../src/status/io/store.ts";
import type { Status } from "../../src/status/status.ts";
import { INSTANCE } from "../fixtures/desired.ts";
import { viewOf } from "../fixtures/groups.ts";
import { AT, statusOf } from "../fixtures/status.ts";

const NETWORK = {
  interfaces: [{ name: "eth0", isLoopback: false, mac: "02:00:00:00:00:11", addresses: [] }],
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
  const probe = openGroupProbe({
    settings,
    live: { current: settings } as LiveSettings,
    metadata: { view: viewOf({}), hostNameOf: () => "host-2" } as unknown as MetadataStore,
    store,
    record: (event) => events.push(event),
    log,
  });
  const input = new PassThrough();
  probe.companion.onStart(input, () => undefined);
  const watch = (changing: readonly string[] = []) =>
    probe.setWatched({
      instances: [INSTANCE],
      network: NETWORK,
      changing: new Map(changing.map((group) => [group, []])),
    });
  const isAsked = () => String(input.read() ?? "").includes("probe-group eth0/ipv4/50 ");
  return { probe, store, events, watch, isAsked };
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
