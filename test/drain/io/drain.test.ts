import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pino from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type DrainOrder, orderDrain } from "../../../src/cli/drain-order.ts";
import { watchDrainOrders } from "../../../src/drain/io/drain.ts";
import { instanceStatus } from "../../../src/keepalived/instance-status.ts";
import { createStatusStore } from "../../../src/status/io/store.ts";
import type { Status } from "../../../src/status/status.ts";
import { INSTANCE } from "../../fixtures/desired.ts";

let folder: string;
let stop: AbortController;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "rk-drain-"));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await rm(folder, { recursive: true, force: true });
});

const AT = "2026-11-22T14:00:00.000Z";
const PEER = { host: "node-2", uuid: "u2", addresses: ["198.51.100.12"], presence: "running" } as const;

/** An agent that gives its VIPs away when it is told to, and a line to it. */
async function agentIn(stateDir: string) {
  let wake: () => void = () => undefined;
  const log = pino({ level: "silent" });
  const store = createStatusStore({ version: "0", pid: 1, stateDir, log, publish: () => wake() });
  const show = (name: string) => store.update({ instances: [instanceStatus(INSTANCE, { name, since: AT })] });
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
    log,
    signal: stop.signal,
  });
  async function* watch(signal: AbortSignal): AsyncGenerator<Status> {
    signal.addEventListener("abort", () => wake());
    for (let shown: Status | undefined; !signal.aborted; ) {
      if (shown !== store.status) {
        shown = store.status;
        yield shown;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }
  const give = (change: Partial<DrainOrder>) =>
    orderDrain({ isDrain: true, group: undefined, isForced: false, stateDir: undefined, watch, ...change });
  return { store, give };
}

it("takes effect in the agent and ends once the VIPs have left; undrain reverts it", async () => {
  const { store, give } = await agentIn(folder);

  expect(await give({})).toMatch(/^all groups of node-1: drained, the VIPs are not here/);
  expect(store.status.instances[0]?.state).toBe("FAULT");
  expect(await give({ isDrain: false })).toMatch(/^all groups of node-1: no longer drained/);
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

  expect(await give({})).toMatch(/^all groups of node\\u009b2J\\u202e: drained/);
  expect(await give({ isDrain: false })).toMatch(/^all groups of node\\u009b2J\\u202e: no longer drained/);
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

  await expect(give({ group: "web" })).rejects.toThrow("this host has no group web; it has main");
  await give({});
  await expect(give({ isDrain: false, group: "main" })).rejects.toThrow("without naming one");
});

it("stays in force while its file is damaged, and ends when the file is removed", async () => {
  const { store, give } = await agentIn(folder);
  await give({});
  const file = path.join(folder, "drain.json");
  await writeFile(file, '{"groups"');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(store.status.instances[0]?.state).toBe("FAULT");

  await rm(file);
  await expect.poll(() => store.status.instances[0]?.state, { timeout: 10_000 }).toBe("BACKUP");
});

it("writes nowhere else than to the STATE_DIR of its own environment", async () => {
  const other = await mkdtemp(path.join(tmpdir(), "rk-drain-"));
  const { store, give } = await agentIn(folder);
  store.update({ agent: { ...store.status.agent, stateDir: other } });

  await expect(give({ stateDir: folder })).rejects.toThrow(`uses STATE_DIR ${other}, not ${folder}`);
  expect(await readdir(other)).toEqual([]);
  await rm(other, { recursive: true });
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
  await expect(orderDrain(order)).rejects.toThrow("so no order was written");
  expect(await readdir(folder)).toEqual([]);
});

it("fails if the agent watches another directory", async () => {
  const other = await mkdtemp(path.join(tmpdir(), "rk-drain-"));
  const { store, give } = await agentIn(folder);
  store.update({ agent: { ...store.status.agent, stateDir: other } });

  const message = expect.stringContaining("was written to STATE_DIR");
  await expect(give({})).rejects.toMatchObject({ code: "AGENT_UNREACHABLE", message });
  store.update({ agent: { ...store.status.agent, stateDir: path.join(other, "nowhere") } });
  await expect(give({ isForced: true })).rejects.toMatchObject({ code: "CONF_UNWRITABLE" });
  await rm(other, { recursive: true });
});
