import { AsyncLocalStorage, createHook } from "node:async_hooks";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { probeTcp } from "../../../src/health/io/tcp-probe.ts";
import { besideSilentResolver, inOwnNetwork } from "./own-network.ts";

const servers: Server[] = [];
let shutdown: AbortController;
beforeEach(() => {
  shutdown = new AbortController();
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(host = "127.0.0.1"): Promise<{ server: Server; host: string; port: number }> {
  const server = createServer();
  servers.push(server);
  server.listen(0, host);
  await once(server, "listening");
  return { server, host, port: (server.address() as AddressInfo).port };
}

const check = (endpoint: { host: string; port: number }, timeoutMs = 10_000) =>
  probeTcp({ ...endpoint, timeoutMs, signal: shutdown.signal });

it.each(["127.0.0.1", "::1"])(
  "is healthy where a connection to %s is accepted, and closes it",
  async (host) => {
    const { server, port } = await listen(host);
    const ended = new Promise((resolve) => {
      server.once("connection", (socket) => socket.resume().once("close", resolve));
    });

    expect(await check({ host, port })).toEqual({ sample: "healthy", reason: "connection accepted" });
    expect(await ended).toBe(false); // without an error
  },
);

it("leaves no timer behind that would wake the agent after the answer", async ({ onTestFinished }) => {
  const { port } = await listen();
  const isProbing = new AsyncLocalStorage<true>();
  const timers = new Set<number>();
  const hook = createHook({
    init: (id, type) => void (type === "Timeout" && isProbing.getStore() && timers.add(id)),
    destroy: (id) => void timers.delete(id),
  }).enable();
  onTestFinished(() => void hook.disable());

  await isProbing.run(true, check, { host: "127.0.0.1", port });
  // node tells of a timer that was taken back a moment later
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
  expect(timers.size).toBe(0);
});

it("finds a listener by name", async () => {
  const { port } = await listen();

  expect((await check({ host: "localhost", port })).sample).toBe("healthy");
});

it("is unhealthy where it is refused, by address and by name", async () => {
  const { server, port } = await listen();
  server.close();
  await once(server, "close");

  const want = { sample: "unhealthy", reason: "connection refused" };
  expect(await check({ host: "127.0.0.1", port })).toEqual(want);
  expect(await check({ host: "localhost", port })).toEqual(want);
});

it("is not fooled by a connection to itself", async () => {
  // with so few ports for clients, one of a few attempts is made from the very port that it goes to
  const outcomes = await inOwnNetwork(
    "ip link set lo up; echo 40000 40003 > /proc/sys/net/ipv4/ip_local_port_range",
    `const outcomes = [];
    for (let i = 0; i < 20; i++) outcomes.push(await tcpprobe.probeTcp({ host: "127.0.0.1", port: 40000, timeoutMs: 9_000, signal }));
    console.log(JSON.stringify(outcomes));`,
  );

  expect(outcomes).toHaveLength(20);
  expect(new Set((outcomes as { reason: string }[]).map(({ reason }) => reason))).toEqual(
    new Set(["connection refused"]),
  );
});

it("is unhealthy where no answer comes in time, or there is no route", async () => {
  // a network in which nobody answers, and none beyond it
  const outcomes = await inOwnNetwork(
    "ip link add e0 type veth peer name far; ip link set far up; ip link set e0 up; ip address add 198.51.100.1/24 dev e0",
    `const ask = (host, timeoutMs) => tcpprobe.probeTcp({ host, port: 80, timeoutMs, signal });
    console.log(JSON.stringify([await ask("198.51.100.9", 300), await ask("203.0.113.1", 9_000)]));`,
  );

  expect(outcomes).toEqual([
    { sample: "unhealthy", reason: "no answer within 300 ms" },
    { sample: "unhealthy", reason: "network unreachable" },
  ]);
});

it("is unknown where its name is not resolved in time, and only then", async () => {
  const outcomes = await besideSilentResolver(
    `const ask = (host, timeoutMs) => tcpprobe.probeTcp({ host, port: 80, timeoutMs, signal });
    console.log(JSON.stringify([await ask("app.example.com", 300), await ask("app.example.com", 9_000), await ask("localhost", 9_000)]));`,
  );

  expect(outcomes).toEqual([
    { sample: "unknown", reason: "name not resolved within 300 ms" },
    { sample: "unknown", reason: "not asked: EAI_AGAIN" },
    { sample: "unhealthy", reason: "connection refused" },
  ]);
});

it("ends with the signal's reason", async () => {
  const { server, host, port } = await listen();
  server.close();
  shutdown.abort(new Error("shutdown"));

  await expect(check({ host, port })).rejects.toThrow("shutdown");
});
