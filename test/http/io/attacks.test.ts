/** The HTTP server among clients that mean harm: what they get, and that others are served all the same. */
import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { memoryUsage } from "node:process";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { routeOf, textAnswer } from "../../../src/http/answer.ts";
import { createEventClients } from "../../../src/http/io/event-clients.ts";
import { openHttpServer } from "../../../src/http/io/server.ts";

const log = pino({ level: "silent" });
/** As much as the status of a host with many groups. */
const STATUS = "x".repeat(50_000);

let stop: AbortController;
let port: number;
let asked: number;
beforeEach(async () => {
  stop = new AbortController();
  asked = 0;
  const listens = Promise.withResolvers<AddressInfo>();
  const events = createEventClients({ status: () => STATUS });
  openHttpServer({
    host: "127.0.0.1",
    port: 0,
    respond: async ({ method, target }) => {
      asked += 1;
      const route = routeOf(method, target);
      if (typeof route !== "string") return route;
      return route === "events" ? { start: events.add } : textAnswer(200, STATUS);
    },
    onListen: listens.resolve,
    onError: listens.reject,
    log,
    signal: stop.signal,
  });
  ({ port } = await listens.promise);
});
afterEach(() => stop.abort());

function open(bytes: string): Socket {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.write(bytes);
  return socket;
}

/** The first line of what comes back, empty where the server only closes. */
async function statusLine(bytes: string): Promise<string> {
  const answer = await text(open(bytes)).catch(() => "");
  return answer.split("\r\n", 1)[0] ?? "";
}

/** Resolves when the connection is over, however that came. */
function isClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

async function isServed(): Promise<boolean> {
  return (
    (await statusLine("GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) === "HTTP/1.1 200 OK"
  );
}

const END = "HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

it.each([
  "/../etc/passwd",
  "/%2e%2e/etc/passwd",
  "/status/..%2f",
  "/status%00",
  "//x/status",
  "/%73tatus",
  "/./status",
])("finds nothing at %s", async (target) =>
  expect(await statusLine(`GET ${target} ${END}`)).toBe("HTTP/1.1 404 Not Found"),
);

it.each([
  { what: "a zero byte in the target", bytes: `GET /sta\0tus ${END}` },
  { what: "a line end in a header", bytes: "GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n" },
  { what: "no Host", bytes: "GET / HTTP/1.1\r\n\r\n" },
  { what: "a method that is none", bytes: `HACK / ${END}` },
  { what: "TLS", bytes: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" },
  {
    what: "two lengths of a body",
    bytes: "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
  },
  {
    what: "a length and chunks",
    bytes: "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  },
  {
    what: "chunks that are not the last encoding",
    bytes: "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
  },
])("refuses $what, and nobody is asked for an answer", async ({ bytes }) => {
  expect(await statusLine(bytes)).toMatch(/^HTTP\/1\.1 400 /);
  expect(asked).toBe(0);
});

it("does not take a request hidden in a body for another request", async () => {
  const hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
  const answer = await text(
    open(`POST /status HTTP/1.1\r\nHost: x\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`),
  );

  expect(answer.match(/^HTTP\/1\.1 \d+/gm)).toEqual(["HTTP/1.1 405"]);
  expect(asked).toBe(1);
});

it("reads only 8 kB of 10 MB of headers", async () => {
  const before = memoryUsage().rss;
  const socket = open("GET / HTTP/1.1\r\nHost: x\r\n");
  const over = isClosed(socket);
  const answer = text(socket).catch(() => "");
  for (let sent = 0; sent < 10 << 20 && !socket.destroyed; sent += 64 << 10) {
    const isTaken = socket.write(`A: ${"b".repeat((64 << 10) - 6)}\r\n`);
    if (!isTaken) await Promise.race([once(socket, "drain").catch(() => undefined), over]);
  }

  expect(await answer).toMatch(/^HTTP\/1\.1 431 |^$/);
  await over;
  expect(memoryUsage().rss - before).toBeLessThan(40 << 20);
});

it("answers before a slow body is complete, and ends the connection", async () => {
  const socket = open("POST /status HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  const drip = setInterval(() => socket.write("x"), 200);

  const [answer] = await once(socket.setEncoding("latin1"), "data");
  expect(answer).toMatch(/^HTTP\/1\.1 405 /);
  socket.resume();
  await once(socket, "close");
  clearInterval(drip);
});

it("disconnects a client that pipelines 10,000 requests", async () => {
  const before = memoryUsage().rss;
  await isClosed(open("GET /status HTTP/1.1\r\nHost: x\r\n\r\n".repeat(10_000)).resume());

  // all of the answers would be 500 MB
  const grown = memoryUsage().rss - before;
  process.stdout.write(`measured: 10,000 requests at once: ${asked} answered, ${grown >> 20} MiB more\n`);
  expect(asked).toBeLessThan(10);
  expect(grown).toBeLessThan(40 << 20);
});

it("answers requests of one connection one after the other", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let round = 0; round < 50; round += 1) {
    const sent = get({ port, host: "127.0.0.1", path: "/status", agent });
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    expect(await text(response)).toBe(`${STATUS}\n`);
    expect(sent.reusedSocket).toBe(round > 0);
  }
  agent.destroy();
});

it("serves others again after 1,000 clients with incomplete requests are disconnected", async () => {
  const sockets = Array.from({ length: 1_000 }, () => open("GET /status HTTP/1.1\r\nHost: "));
  await Promise.race(sockets.map(isClosed)); // one too many is closed at once
  const startedMs = performance.now();

  while (!(await isServed())) await sleep(100);

  const servedMs = performance.now() - startedMs;
  process.stdout.write(`measured: 1,000 slow clients: served after ${Math.round(servedMs)} ms\n`);
  expect(servedMs).toBeLessThan(100_000);
  for (const socket of sockets) socket.destroy();
});
