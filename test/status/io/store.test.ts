import pino from "pino";
import { expect, it } from "vitest";
import { AgentError } from "../../../src/errors.ts";
import type { InstanceDump } from "../../../src/keepalived/dump.ts";
import { createVrrpStates } from "../../../src/keepalived/io/vrrp-states.ts";
import type { HeardOwner } from "../../../src/split-brain/heard-owners.ts";
import { createStatusStore } from "../../../src/status/io/store.ts";
import type { Status } from "../../../src/status/status.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

function stage() {
  const published: Status[] = [];
  const lines: { msg: string; reason?: string }[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const store = createStatusStore({
    version: "0.1.0",
    pid: 7,
    stateDir: "/run/x",
    log,
    publish: (status) => published.push(status),
  });
  return { store, published, lines, messages: () => lines.map(({ msg }) => msg) };
}

function accountOf(state: InstanceDump["state"], lastTransition: number): InstanceDump {
  return {
    instance: "main",
    state,
    virtualRouterId: 50,
    priority: 240,
    effectivePriority: 240,
    advertIntervalSeconds: 0.2,
    vips: [],
    vipsSet: false,
    lastTransition,
    stats: {},
  };
}

it("publishes a status before anything is known", () => {
  const { published } = stage();

  expect(published).toMatchObject([{ agent: { version: "0.1.0", pid: 7 }, instances: [], problems: [] }]);
});

it("gives each listener all statuses in order, though one of them updates the status", () => {
  const { store, published } = stage();
  const drains = (statuses: readonly Status[]) => statuses.map(({ drain }) => drain.all);
  const seen: Status[] = [];
  const drainSince = (since: string) => store.update({ drain: { all: since, groups: {} } });
  store.subscribe(({ drain }) => {
    if (drain.all === "1") drainSince("2");
    if (drain.all === "2") drainSince("3");
  });
  store.subscribe((status) => seen.push(status));

  drainSince("1");
  expect(drains(seen)).toEqual(["1", "2", "3"]);
  expect(drains(published.slice(1))).toEqual(["1", "2", "3"]);
});

it("logs a problem once, however often it is reported, and its end once", () => {
  const { store, messages } = stage();
  const refused = () => new AgentError("METADATA_UNREACHABLE", "refused");

  for (let count = 0; count < 3; count += 1) store.reportOf("metadata").problem(refused());
  store.reportOf("metadata").ok();
  store.reportOf("metadata").ok();

  expect(messages()).toEqual(["problem found", "problem ended"]);
  expect(store.status.problems).toEqual([]);
});

it("logs a problem again when it changes, and keeps one per part", () => {
  const { store, messages } = stage();
  store.reportOf("metadata").problem(new AgentError("METADATA_UNREACHABLE", "refused"));
  store.reportOf("metadata").problem(new AgentError("METADATA_MALFORMED", "HTML"));
  store.reportOf("advice").problem("a sentence");
  store.reportOf("keepalived").problem(new Error("odd"));

  expect(messages()).toHaveLength(4);
  expect(store.status.problems.map(({ part, code, message }) => [part, code, message])).toEqual([
    ["metadata", "METADATA_MALFORMED", "HTML"],
    ["advice", undefined, "a sentence"],
    ["keepalived", undefined, "odd"],
  ]);
});

it("keeps several problems of the host, and logs each once", () => {
  const { store, lines, messages } = stage();
  const blocked = () => new AgentError("VRRP_BLOCKED", "dropped");
  const unrouted = () => new AgentError("METADATA_UNROUTED", "no route");

  store.reportOf("host").problems([blocked()]);
  const [{ since } = { since: "" }] = store.status.problems;
  store.reportOf("host").problems([unrouted(), blocked()]);
  store.reportOf("host").problems([unrouted(), blocked()]);
  expect(store.status.problems.map(({ code }) => code)).toEqual(["METADATA_UNROUTED", "VRRP_BLOCKED"]);
  expect(store.status.problems[1]?.since).toBe(since);

  store.reportOf("host").problems([blocked()]);
  expect(store.status.problems.map(({ code }) => code)).toEqual(["VRRP_BLOCKED"]);
  store.reportOf("host").problems([]);
  store.reportOf("host").problems([]);
  expect(lines.map(({ reason }) => reason)).toEqual(["dropped", "no route", undefined]);
  expect(messages()).toEqual(["problem found", "problem found", "problem ended"]);
});

it("shows each group in the state that keepalived reported last", () => {
  const { store } = stage();
  const vrrp = createVrrpStates({ startedAt: store.status.agent.startedAt, onStatus: store.update });
  const states = () => store.status.instances.map(({ state }) => state);

  vrrp.applyDump([accountOf("BACKUP", 1_700_000_000)]);
  vrrp.setInForce({ instances: [INSTANCE], prioritySources: new Map() });
  expect(states()).toEqual(["BACKUP"]);

  vrrp.applyTransition({ instance: "main", state: "MASTER", priority: 240 });
  expect(states()).toEqual(["MASTER"]);
  expect(store.status.lastEvent?.text).toBe("main became MASTER");

  vrrp.applyDump([accountOf("BACKUP", 1_700_000_000)]);
  expect(states()).toEqual(["MASTER"]); // the account of before, asked for again

  vrrp.applyDump([accountOf("FAULT", 4_000_000_000)]);
  expect(store.status.instances).toMatchObject([{ state: "FAULT", since: "2096-10-02T07:06:40.000Z" }]);
});

it("ignores states that were asked for before keepalived reported a transition", () => {
  const { store } = stage();
  const vrrp = createVrrpStates({ startedAt: store.status.agent.startedAt, onStatus: store.update });
  vrrp.setInForce({ instances: [INSTANCE], prioritySources: new Map() });
  const toldBefore = vrrp.transitionCount;
  vrrp.applyTransition({ instance: "main", state: "MASTER", priority: 240 });
  vrrp.applyDump([accountOf("BACKUP", 1_700_000_000)], toldBefore);
  expect(vrrp.stateOf("main")).toBe("MASTER");

  vrrp.applyDump([accountOf("FAULT", 1_700_000_001)], vrrp.transitionCount);
  expect(vrrp.stateOf("main")).toBe("FAULT");
});

it.each([
  { what: "ahead", lastTransition: 4_000_000_000 },
  { what: "behind", lastTransition: 1_000_000_000 },
])("shows what keepalived tells though its clock is $what by years", ({ lastTransition }) => {
  const { store } = stage();
  const vrrp = createVrrpStates({ startedAt: store.status.agent.startedAt, onStatus: store.update });
  const states = () => store.status.instances.map(({ state }) => state);
  vrrp.setInForce({ instances: [INSTANCE], prioritySources: new Map() });
  vrrp.applyTransition({ instance: "main", state: "BACKUP", priority: 240 });

  vrrp.applyDump([accountOf("MASTER", lastTransition)]);
  expect(states()).toEqual(["MASTER"]);
  vrrp.applyTransition({ instance: "main", state: "BACKUP", priority: 240 });
  expect(states()).toEqual(["BACKUP"]);
  vrrp.applyDump([accountOf("FAULT", lastTransition + 1)]);
  expect(states()).toEqual(["FAULT"]);
});

it("shows a group as stopped when keepalived ended", () => {
  const { store } = stage();
  const vrrp = createVrrpStates({ startedAt: store.status.agent.startedAt, onStatus: store.update });
  const states = () => store.status.instances.map(({ state }) => state);
  vrrp.setInForce({ instances: [INSTANCE], prioritySources: new Map() });
  vrrp.applyDump([accountOf("MASTER", 1_700_000_000)]);
  expect(states()).toEqual(["MASTER"]);

  vrrp.setStopped();
  expect(states()).toEqual(["STOPPED"]);
});

it("shows the state UNKNOWN before keepalived reported one", () => {
  const { store } = stage();
  createVrrpStates({ startedAt: store.status.agent.startedAt, onStatus: store.update }).setInForce({
    instances: [INSTANCE],
    prioritySources: new Map(),
  });

  expect(store.status.instances).toMatchObject([{ name: "main", state: "UNKNOWN" }]);
});

it("calls subscribers with each later status", () => {
  const { store, published } = stage();
  const followed: Status[] = [];
  store.subscribe((status) => followed.push(status));

  store.update({ service: "lb/keepalived" });
  store.reportOf("http").problem(new AgentError("LISTEN_FAILED", "taken"));

  expect(followed).toEqual(published.slice(1));
});

it("publishes another owner at once, and one that is heard again with the next status or look alone", () => {
  const { store, published } = stage();
  const states = createVrrpStates({ startedAt: "2026-11-22T14:00:00.000Z", onStatus: store.update });
  let heard: HeardOwner = { before: undefined, phase: "silent", since: "2026-11-22T14:00:00.000Z" };
  store.setHearings(
    () => new Map([["main", heard]]),
    () => true,
  );
  states.setInForce({ instances: [INSTANCE], prioritySources: new Map() });
  const owner = { address: "198.51.100.12", since: "2026-11-22T14:00:01.000Z" };
  heard = { ...owner, phase: "heard", priority: 250, before: owner.address, heardAt: owner.since };
  store.update({});
  expect(published.at(-1)?.instances[0]?.owner).toMatchObject({
    address: owner.address,
    heardAt: owner.since,
  });

  const count = published.length;
  heard = { ...heard, heardAt: "2026-11-22T14:00:06.000Z" };
  store.update({});
  expect(published).toHaveLength(count);
  expect(store.status.instances[0]?.owner?.heardAt).toBe("2026-11-22T14:00:06.000Z");
});
