import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pino from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type DrainOrder, orderDrain } from "../../../src/cli/drain-order.ts";
import { deriveCluster } from "../../../src/cluster/derive.ts";
import type { MemberAnswer } from "../../../src/cluster/members.ts";
import { watchDrainOrders } from "../../../src/drain/io/drain.ts";
import { instanceStatus } from "../../../src/keepalived/instance-status.ts";
import type { HeardOwner } from "../../../src/split-brain/heard-owners.ts";
import { createStatusStore } from "../../../src/status/io/store.ts";
import type { Status } from "../../../src/status/status.ts";
import { INSTANCE } from "../../fixtures/desired.ts";
import { OWNED, WELL } from "../../fixtures/status.ts";
import { mountTmpfs } from "../../system/io/small-tmpfs.ts";

let folder: string;
let stop: AbortController;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-drain-"));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await rm(folder, { recursive: true, force: true, maxRetries: 20 });
});

const AT = "2026-11-22T14:00:00.000Z";
/** As where HTTP_LISTEN of that host is the default. */
const CLOSED: MemberAnswer = { reach: "not-reachable", why: "nothing listens there", isClosed: true };
const PEER = { host: "node-2", uuid: "u2", addresses: ["198.51.100.12"], presence: "running" } as const;
/** Said by status after a drain: node-2 was heard 12 ms after the release, or nobody. */
const NEXT: HeardOwner = {
  before: undefined,
  phase: "heard",
  address: "198.51.100.12",
  priority: 250,
  since: "2026-11-22T14:00:00.012Z",
  heardAt: "2026-11-22T14:00:01.000Z",
};
const NOBODY: HeardOwner = { before: undefined, phase: "silent", since: AT };

interface World {
  /** What is heard once this host is no owner. */
  readonly next?: HeardOwner;
  readonly groups?: readonly string[];
}

/** An agent that gives its VIPs away when it is told to, and a line to it. */
async function agentIn(stateDir: string, { next = NEXT, groups = ["main"] }: World = {}) {
  let wake: () => void = () => undefined;
  let published: Status | undefined;
  const publish = (status: Status) => {
    published = status;
    wake();
  };
  const log = pino({ level: "silent" });
  const store = createStatusStore({ version: "0", pid: 1, stateDir, log, publish });
  let state = "MASTER";
  const stateOf = (name: string) => instanceStatus({ ...INSTANCE, name }, { name: state, since: AT });
  const show = (nextState: string) => {
    state = nextState;
    store.update({ instances: groups.map(stateOf) });
  };
  const own: HeardOwner = { before: undefined, phase: "own", address: "198.51.100.11" };
  store.setHearings(
    () => new Map(groups.map((name) => [name, state === "MASTER" ? own : next])),
    () => true,
  );
  store.update({
    members: [PEER],
    metadata: { source: "live", version: "v", readAt: AT },
    host: { uuid: "u1", name: "node-1" },
  });
  show("MASTER");
  await watchDrainOrders({
    stateDir,
    onOrders: (drain) => {
      show((drain.all ?? drain.groups["main"]) ? "FAULT" : "BACKUP");
      store.update({ drain });
    },
    report: store.reportOf("drain"),
    log,
    signal: stop.signal,
  });
  async function* watch(signal: AbortSignal): AsyncGenerator<Status> {
    signal.addEventListener("abort", () => wake());
    for (let shown: Status | undefined; !signal.aborted; ) {
      if (published !== undefined && shown !== published) {
        shown = published;
        yield shown;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }
  /** What was printed; warnings are marked by the order itself. */
  const lines: string[] = [];
  const give = async (change: Partial<DrainOrder>) => {
    lines.length = 0;
    const tell = (line: string) => void lines.push(line);
    const answers = new Map([["u2", CLOSED]]);
    const readCluster = async () => deriveCluster({ status: store.status, answers, at: AT });
    const order = { isDrain: true, group: undefined, isForced: false, stateDir: undefined, watch };
    await orderDrain({ ...order, tell, warn: tell, readCluster, ...change });
    return lines.join("\n");
  };
  return { store, give, lines };
}

it("takes effect in the agent and ends once the VIPs have left; undrain reverts it", async () => {
  const { store, give } = await agentIn(folder);

  expect(await give({})).toBe(
    "main: node-2 owns 198.51.100.50 after 12 ms\nall groups of node-1 are drained until undrain, also after restarts",
  );
  expect(store.status.instances[0]?.state).toBe("FAULT");
  expect(await give({ isDrain: false })).toMatch(/^all groups of node-1 are no longer drained by command;/);
  expect(store.status.drain).toEqual({ groups: {} });
});

it.each(["constructor", "__proto__"])("takes effect for a group named %s", async (name) => {
  const { store, give } = await agentIn(folder);
  store.update({ instances: [instanceStatus({ ...INSTANCE, name }, { name: "BACKUP", since: AT })] });
  await give({ group: name, isForced: true });

  expect(Object.keys(store.status.drain.groups)).toEqual([name]);
});

it("prints the name of the host without what it could do to a terminal", async () => {
  const { store, give } = await agentIn(folder);
  store.update({ host: { uuid: "u1", name: "node\u009b2J\u202e" } });

  expect(await give({})).toMatch(/^all groups of node\\u009b2J\\u202e are drained/m);
  expect(await give({ isDrain: false })).toMatch(/^all groups of node\\u009b2J\\u202e are no longer drained/);
});

it("tells of each group, and of one that this host did not own", async () => {
  const { store, give } = await agentIn(folder, { groups: ["db", "web"] });
  expect(await give({ group: "web" })).toBe(
    "web: node-2 owns 198.51.100.50 after 12 ms\ngroup web of node-1 is drained until undrain, also after restarts",
  );
  store.update({ instances: store.status.instances.map((instance) => ({ ...instance, state: "BACKUP" })) });
  expect(await give({})).toMatch(
    /^db: node-2 owns 198.51.100.50, as before\nweb: node-2 owns 198.51.100.50, as before\nall groups/,
  );
});

it("fails where nobody takes over, and says so with --force", async () => {
  const { store, give, lines } = await agentIn(folder, { next: NOBODY });

  await expect(give({ takeoverMs: 300 })).rejects.toMatchObject({
    code: "DRAIN_UNSERVED",
    message: expect.stringMatching(/^main: no host was heard to own 198.51.100.50 within \d+(\.\d)? (ms|s)$/),
  });
  expect(lines).toEqual([]);
  expect(store.status.drain.all).toBeDefined();
  await give({ isDrain: false });
  store.update({ instances: [instanceStatus(INSTANCE, { name: "MASTER", since: AT })] });
  expect(await give({ isForced: true, takeoverMs: 300 })).toMatch(
    /^main: no host was heard to own 198.51.100.50 within .*\nall groups of node-1 are drained/,
  );
});

it("fails on a backup that hears no owner: it was about to own the VIPs itself", async () => {
  const { store, give } = await agentIn(folder, { next: NOBODY });
  store.update({ instances: [instanceStatus(INSTANCE, { name: "BACKUP", since: AT })] });

  await expect(give({ takeoverMs: 300 })).rejects.toMatchObject({ code: "DRAIN_UNSERVED" });
  await give({ isDrain: false });
  store.update({ instances: [instanceStatus(INSTANCE, { name: "FAULT", since: AT })] });
  expect(await give({})).toMatch(
    /^main: this host did not own 198.51.100.50, and hears no owner\nall groups/,
  );
});

it("warns where hosts answer and none of them can take over, and where --force is needed", async () => {
  const { store, give } = await agentIn(folder);
  const other = { ...WELL, host: { uuid: "u2", name: "node-2" }, instances: [{ ...OWNED, state: "FAULT" }] };
  const answers = new Map([["u2", { reach: "answers", report: other, asOf: AT } as const]]);
  const readCluster = async () => deriveCluster({ status: store.status, answers, at: AT });

  expect(await give({ readCluster })).toMatch(
    /^warning: main: no other host is known to be able to take over \(node-2: its state is FAULT\)\nmain: node-2 owns/,
  );
  await give({ isDrain: false });
  store.update({ members: [], instances: [instanceStatus(INSTANCE, { name: "MASTER", since: AT })] });
  expect(await give({ isForced: true })).toMatch(
    /^warning: metadata shows no other running host for main\nmain: 198.51.100.12 owns/,
  );
});

it("warns where the only other host hangs, and says nothing where it has not opened HTTP_LISTEN", async () => {
  const { store, give } = await agentIn(folder);
  const answers = new Map([
    ["u2", { reach: "not-reachable", why: "no complete answer within 1 s" } as const],
  ]);
  const readCluster = async () => deriveCluster({ status: store.status, answers, at: AT });

  expect(await give({ readCluster })).toMatch(
    /^warning: main: no other host is known to be able to take over \(node-2: .*no complete answer within 1 s\)\n/,
  );
  await give({ isDrain: false });
  expect(await give({})).not.toContain("warning");
});

it("outlives the agent", async () => {
  const first = await agentIn(folder);
  await first.give({ group: "main" });
  stop.abort();
  stop = new AbortController();

  const second = await agentIn(folder);

  expect(Object.keys(second.store.status.drain.groups)).toEqual(["main"]);
  expect(second.store.status.instances[0]?.state).toBe("FAULT");
});

it("is refused if no other host is known, unless --force is given", async () => {
  const { store, give } = await agentIn(folder);
  store.update({ members: [] });

  await expect(give({})).rejects.toMatchObject({ code: "DRAIN_REFUSED" });
  await expect(readFile(path.join(folder, "drain.json"))).rejects.toThrow();
  await give({ isForced: true });
  expect(store.status.drain.all).toMatch(/^\d{4}-/);
});

it("refuses an unknown group, and to undrain one group while all are drained", async () => {
  const { give } = await agentIn(folder);

  for (const isDrain of [true, false])
    await expect(give({ isDrain, group: "mian" })).rejects.toThrow(
      'this host has no group "mian"; it has main; did you mean main?',
    );
  expect(await give({ isDrain: false, group: "main" })).toBe(
    "group main of node-1 was not drained by command",
  );
  expect(await give({ isDrain: false })).toBe("no group of node-1 was drained by command");
  await give({});
  await expect(give({ isDrain: false, group: "main" })).rejects.toMatchObject({
    message: "all groups of this host are drained",
    hint: "Run `rancher-keepalived undrain` without naming one.",
  });
});

it("undrains a group that is gone, and says what else drains", async () => {
  const { store, give } = await agentIn(folder);
  await give({ group: "main" });
  store.update({
    instances: [],
    health: WELL.health.map((one) => ({ ...one, drainedBy: "the label keepalived.drain" })),
  });

  expect(await give({ isDrain: false, group: "main" })).toBe(
    "group main of node-1 is no longer drained by command; a VIP comes back when its owner fails, or with PREEMPT\n" +
      "main: still drained by the label keepalived.drain",
  );
});

it("says that a VIP without an owner may come at once after undrain", async () => {
  const { give } = await agentIn(folder, { next: { before: undefined, phase: "silent", since: AT } });
  await give({ isForced: true, takeoverMs: 50 });

  expect(await give({ isDrain: false })).toBe(
    "all groups of node-1 are no longer drained by command; no host owns main, so this one may take it now",
  );
});

it.each([undefined, "web"])("ends by undrain on a full disk if none stays: group %s", async (last) => {
  const disk = await mountTmpfs();
  try {
    const { store, give } = await agentIn(disk.path, { groups: ["main", "web"] });
    await give({ group: "web" });
    if (last === undefined) await give({ group: "main" });
    await disk.fill();

    const hint = expect.stringMatching(/^Free space .* `undrain` without a group /);
    const unwritable = { code: "CONF_UNWRITABLE", cause: { code: "ENOSPC" }, hint };
    await expect(give({ isForced: true })).rejects.toMatchObject(unwritable);
    if (last === undefined)
      await expect(give({ group: "web", isDrain: false })).rejects.toMatchObject(unwritable);
    await give({ group: last, isDrain: false });
    expect(store.status.drain).toEqual({ groups: {} });
  } finally {
    stop.abort();
    await disk.remove();
  }
});

it("neither begins nor ends on a read-only disk, and says what to do", async () => {
  const disk = await mountTmpfs();
  try {
    const { store, give } = await agentIn(disk.path);
    await give({});
    await disk.makeReadOnly();

    const hint = expect.stringMatching(/^Make the disk .* writable/);
    const unwritable = { code: "CONF_UNWRITABLE", cause: { code: "EROFS" }, hint };
    await expect(give({ group: "main", isForced: true })).rejects.toMatchObject(unwritable);
    await expect(give({ isDrain: false })).rejects.toMatchObject(unwritable);
    expect(store.status.drain.all).toBeDefined();
  } finally {
    stop.abort();
    await disk.remove();
  }
});

it.each(['{"all":"2026-11-22T14:0', "", "[]"])(
  "drains all groups at a start with the file %j, until undrain",
  async (text) => {
    await writeFile(path.join(folder, "drain.json"), text);
    const { store, give } = await agentIn(folder);

    expect(store.status.instances[0]?.state).toBe("FAULT");
    expect(store.status.problems).toMatchObject([{ part: "drain", code: "STATE_UNREADABLE" }]);

    await give({ isDrain: false });
    await expect.poll(() => store.status.instances[0]?.state).toBe("BACKUP");
    expect(store.status.problems).toEqual([]);
  },
);

it("reads the file of a newer version", async () => {
  await writeFile(
    path.join(folder, "drain.json"),
    JSON.stringify({ all: AT, groups: {}, reasons: { all: "disk" } }),
  );
  const { store } = await agentIn(folder);

  expect(store.status.drain).toEqual({ all: AT, groups: {} });
});

it("stays in force while its file is damaged, and ends when the file is removed", async () => {
  const { store, give } = await agentIn(folder);
  await give({});
  const file = path.join(folder, "drain.json");
  await writeFile(file, '{"groups"');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(store.status.instances[0]?.state).toBe("FAULT");

  await rm(file);
  await expect.poll(() => store.status.instances[0]?.state).toBe("BACKUP");
});

it("writes nowhere else than to the STATE_DIR of its own environment", async () => {
  const other = await mkdtemp(path.join(tmpdir(), "rk-drain-"));
  const { store, give } = await agentIn(folder);
  store.update({ agent: { ...store.status.agent, stateDir: other } });

  await expect(give({ stateDir: folder })).rejects.toThrow(`uses STATE_DIR ${other}, not ${folder}`);
  expect(await readdir(other)).toEqual([]);
  await rm(other, { recursive: true, maxRetries: 20 });
  store.update({ agent: { ...store.status.agent, stateDir: folder } });
  expect(await give({ stateDir: `${folder}/` })).toMatch(/drained/);
});

it("replaces a link under the name of its file, and does not follow it", async () => {
  const { give } = await agentIn(folder);
  const target = path.join(folder, "target");
  await writeFile(target, "untouched");
  await symlink(target, path.join(folder, "drain.json"));

  expect(await give({})).toMatch(/drained/);
  expect(await readFile(target, "utf8")).toBe("untouched");
});

it("says that no order was written where the agent ends before it says how it is", async () => {
  async function* watch(): AsyncGenerator<Status> {}

  const order = { isDrain: true, group: undefined, isForced: false, stateDir: folder, watch };
  const io = { tell: () => undefined, warn: () => undefined, readCluster: () => Promise.reject(new Error()) };
  await expect(orderDrain({ ...order, ...io })).rejects.toThrow("so no order was written");
  expect(await readdir(folder)).toEqual([]);
});

it("fails if the agent watches another directory", async () => {
  const other = await mkdtemp(path.join(tmpdir(), "rk-drain-"));
  const { store, give } = await agentIn(folder);
  store.update({ agent: { ...store.status.agent, stateDir: other } });

  const message = expect.stringContaining("was written to STATE_DIR");
  await expect(give({})).rejects.toMatchObject({ code: "AGENT_UNREACHABLE", message });
  store.update({ agent: { ...store.status.agent, stateDir: path.join(other, "nowhere") } });
  const hint = expect.stringContaining("in the agent's container, as root");
  await expect(give({ isForced: true })).rejects.toMatchObject({ code: "CONF_UNWRITABLE", hint });
  await rm(other, { recursive: true, maxRetries: 20 });
});
