import pino from "pino";
import { expect, it } from "vitest";
import { AgentError } from "../../../src/errors.ts";
import type { VrrpState } from "../../../src/keepalived/dump.ts";
import { watchVrrp } from "../../../src/keepalived/io/vrrp-states.ts";
import { createStatusStore } from "../../../src/status/io/store.ts";
import type { Status } from "../../../src/status/status.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

function stage() {
  const published: Status[] = [];
  const lines: { msg: string; reason?: string }[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const board = createStatusStore({
    version: "0.1.0",
    pid: 7,
    stateDir: "/run/x",
    log,
    publish: (status) => published.push(status),
  });
  return { board, published, lines, messages: () => lines.map(({ msg }) => msg) };
}

function accountOf(state: VrrpState["state"], lastTransition: number): VrrpState {
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

it("logs a problem once, however often it is raised, and its end once", () => {
  const { board, messages } = stage();
  const refused = () => new AgentError("METADATA_UNREACHABLE", "refused");

  for (let count = 0; count < 3; count += 1) board.raise("metadata", refused());
  board.clear("metadata");
  board.clear("metadata");

  expect(messages()).toEqual(["problem found", "problem ended"]);
  expect(board.status.problems).toEqual([]);
});

it("logs a problem again when it changes, and keeps one a part", () => {
  const { board, messages } = stage();
  board.raise("metadata", new AgentError("METADATA_UNREACHABLE", "refused"));
  board.raise("metadata", new AgentError("METADATA_MALFORMED", "HTML"));
  board.raise("advice", "a sentence");
  board.raise("keepalived", new Error("odd"));

  expect(messages()).toHaveLength(4);
  expect(board.status.problems.map(({ part, code, message }) => [part, code, message])).toEqual([
    ["metadata", "METADATA_MALFORMED", "HTML"],
    ["advice", undefined, "a sentence"],
    ["keepalived", undefined, "odd"],
  ]);
});

it("keeps several problems of the host, and logs each once", () => {
  const { board, lines, messages } = stage();
  const blocked = () => new AgentError("VRRP_BLOCKED", "dropped");
  const unrouted = () => new AgentError("METADATA_UNROUTED", "no route");

  board.show("host", [blocked()]);
  const [{ since } = { since: "" }] = board.status.problems;
  board.show("host", [unrouted(), blocked()]);
  board.show("host", [unrouted(), blocked()]);
  expect(board.status.problems.map(({ code }) => code)).toEqual(["METADATA_UNROUTED", "VRRP_BLOCKED"]);
  expect(board.status.problems[1]?.since).toBe(since);

  board.show("host", [blocked()]);
  expect(board.status.problems.map(({ code }) => code)).toEqual(["VRRP_BLOCKED"]);
  board.show("host", []);
  board.show("host", []);
  expect(lines.map(({ reason }) => reason)).toEqual(["dropped", "no route", undefined]);
  expect(messages()).toEqual(["problem found", "problem found", "problem ended"]);
});

it("shows each group in the state that keepalived told last", () => {
  const { board } = stage();
  const vrrp = watchVrrp(board);
  const states = () => board.status.instances.map(({ state }) => state);

  vrrp.account([accountOf("BACKUP", 1_700_000_000)]);
  vrrp.expect([INSTANCE]);
  expect(states()).toEqual(["BACKUP"]);

  vrrp.transition({ instance: "main", state: "MASTER", priority: 240 });
  expect(states()).toEqual(["MASTER"]);
  expect(board.status.lastEvent?.text).toBe("main became MASTER");

  vrrp.account([accountOf("BACKUP", 1_700_000_000)]);
  expect(states()).toEqual(["MASTER"]); // the account of before, asked for again

  vrrp.account([accountOf("FAULT", 4_000_000_000)]);
  expect(board.status.instances).toMatchObject([{ state: "FAULT", since: "2096-10-02T07:06:40.000Z" }]);
});

it("does not go back to an account that was asked for before keepalived told of a transition", () => {
  const { board } = stage();
  const vrrp = watchVrrp(board);
  vrrp.expect([INSTANCE]);
  const toldBefore = vrrp.told;
  vrrp.transition({ instance: "main", state: "MASTER", priority: 240 });
  vrrp.account([accountOf("BACKUP", 1_700_000_000)], toldBefore);
  expect(vrrp.stateOf("main")).toBe("MASTER");

  vrrp.account([accountOf("FAULT", 1_700_000_001)], vrrp.told);
  expect(vrrp.stateOf("main")).toBe("FAULT");
});

it.each([
  { what: "ahead", lastTransition: 4_000_000_000 },
  { what: "behind", lastTransition: 1_000_000_000 },
])("shows what keepalived tells though its clock is $what by years", ({ lastTransition }) => {
  const { board } = stage();
  const vrrp = watchVrrp(board);
  const states = () => board.status.instances.map(({ state }) => state);
  vrrp.expect([INSTANCE]);
  vrrp.transition({ instance: "main", state: "BACKUP", priority: 240 });

  vrrp.account([accountOf("MASTER", lastTransition)]);
  expect(states()).toEqual(["MASTER"]);
  vrrp.transition({ instance: "main", state: "BACKUP", priority: 240 });
  expect(states()).toEqual(["BACKUP"]);
  vrrp.account([accountOf("FAULT", lastTransition + 1)]);
  expect(states()).toEqual(["FAULT"]);
});

it("shows a group as stopped when keepalived ended", () => {
  const { board } = stage();
  const vrrp = watchVrrp(board);
  const states = () => board.status.instances.map(({ state }) => state);
  vrrp.expect([INSTANCE]);
  vrrp.account([accountOf("MASTER", 1_700_000_000)]);
  expect(states()).toEqual(["MASTER"]);

  vrrp.ended();
  expect(states()).toEqual(["STOPPED"]);
});

it("does not know the state of a group before keepalived told it", () => {
  const { board } = stage();
  watchVrrp(board).expect([INSTANCE]);

  expect(board.status.instances).toMatchObject([{ name: "main", state: "UNKNOWN" }]);
});

it("tells those who follow it what it publishes, from then on", () => {
  const { board, published } = stage();
  const followed: Status[] = [];
  board.subscribe((status) => followed.push(status));

  board.update({ service: "lb/keepalived" });
  board.raise("http", new AgentError("LISTEN_FAILED", "taken"));

  expect(followed).toEqual(published.slice(1));
});
