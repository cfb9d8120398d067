import { once } from "node:events";
import { get, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentError } from "../../../src/errors.ts";
import { textAnswer } from "../../../src/http/answer.ts";
import { createEventClients } from "../../../src/http/io/event-clients.ts";
import { type HttpServerOptions, openHttpServer } from "../../../src/http/io/server.ts";

let stop: AbortController;
let port: number;
let lines: string[];
beforeEach(() => {
  stop = new AbortController();
  lines = [];
});
afterEach(() => stop.abort());

const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });

async function serve(options: Partial<HttpServerOptions> = {}): Promise<void> {
  const listens = Promise.withResolvers<AddressInfo>();
  openHttpServer({
    host: "127.0.0.1",
    port: 0,
    respond: async ({ method, target }) => textAnswer(200, `${method} ${target}`),
    onListen: listens.resolve,
    onError: listens.reject,
    log,
    signal: stop.signal,
    ...options,
  });
  ({ port } = await listens.promise);
}

async function ask(path: string, method = "GET", body?: string) {
  const sent = request({ port, host: "127.0.0.1", path, method, agent: false }).end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** What comes back for raw bytes, until the server closes. */
async function talk(bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  socket.write(bytes);
  return text(socket);
}

describe("the server", () => {
  it("sends the answer with its length and with headers that keep it to this site", async () => {
    await serve();
    const { status, headers, body } = await ask("/x?y");

    expect({ status, body }).toEqual({ status: 200, body: "GET /x?y\n" });
    expect(headers).toMatchObject({
      "content-length": "9",
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
    });
  });

  it("sends no body for HEAD", async () => {
    await serve();
    const { headers, body } = await ask("/x", "HEAD");

    expect(body).toBe("");
    expect(headers["content-length"]).toBe("8");
  });

  it("closes the connection where no answer can be made, logs it, and goes on", async () => {
    let isBroken = true;
    await serve({
      respond: async () => {
        if (isBroken) throw new Error("broken");
        return textAnswer(200, "ok");
      },
    });
    await expect(ask("/")).rejects.toMatchObject({ code: "ECONNRESET" });
    isBroken = false;

    expect((await ask("/")).body).toBe("ok\n");
    expect(lines.join("")).toContain("request failed");
  });

  it("survives nonsense, a proxy's requests and an upgrade, and logs none of them", async () => {
    await serve();
    const close = "Host: x\r\nConnection: close\r\n\r\n";

    expect(await talk("\0\0\0")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await talk(`GET /${"x".repeat(9_000)} HTTP/1.1\r\n${close}`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await talk("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n")).toBe("");
    expect(await talk(`GET http://example.com/ HTTP/1.1\r\n${close}`)).toContain("GET http://example.com/\n");
    expect(
      await talk("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n"),
    ).toContain("GET /\n");
    expect((await ask("/")).status).toBe(200);
    expect(lines).toEqual([]);
  });

  it("closes the connection of a client that sends a body", async () => {
    await serve();

    expect((await ask("/", "POST", "x".repeat(100_000))).headers.connection).toBe("close");
  });

  it("disconnects a client that never completes its request", async () => {
    await serve();
    const startedMs = performance.now();

    expect(await talk("GET / HTTP/1.1\r\nHost: ")).toMatch(/^HTTP\/1\.1 408 |^$/);
    expect(performance.now() - startedMs).toBeLessThan(100_000);
  });

  it("accepts 100 connections, and a further one only after another has closed", async () => {
    await serve();
    const open = Array.from({ length: 100 }, () => connect(port, "127.0.0.1"));
    await Promise.all(open.map((socket) => once(socket, "connect")));

    await expect(ask("/")).rejects.toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
    for (const socket of open) socket.destroy();
    await expect
      .poll(() =>
        ask("/").then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  it("reports that its port is taken, and listens when it is free", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const taken = (other.address() as AddressInfo).port;
    const troubles: AgentError[] = [];
    await serve({
      port: taken,
      retryMs: 20,
      onError: (error) => {
        troubles.push(error);
        if (troubles.length === 3) other.close();
      },
    });

    expect(port).toBe(taken);
    expect((await ask("/")).status).toBe(200);
    expect(troubles.length).toBeGreaterThanOrEqual(3);
    expect(troubles[0]).toMatchObject({
      code: "LISTEN_FAILED",
      message: `cannot listen on 127.0.0.1:${taken}`,
      cause: { code: "EADDRINUSE" },
    });
  });

  it("ends at once when the signal aborts, and closes its connections", async () => {
    await serve();
    const idle = connect(port, "127.0.0.1").on("error", () => undefined);
    await once(idle, "connect");
    const closed = once(idle, "close");

    stop.abort();

    await closed;
    await expect(ask("/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("clients of events", () => {
  let status: string;
  beforeEach(() => {
    status = '{"count":0}';
  });

  async function follow() {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ port, host: "127.0.0.1", path: "/events", agent: false }, resolve).on("error", reject);
    });
    const chunks = response.setEncoding("utf8")[Symbol.asyncIterator]();
    let seen = "";
    const until = async (what: string): Promise<string> => {
      while (!seen.includes(what)) {
        const { value, done } = await chunks.next();
        if (done) throw new Error(`ended without ${what}: ${seen}`);
        seen += value;
      }
      return seen;
    };
    return { response, until };
  }

  async function serveEvents(heartbeatMs?: number) {
    const clients = createEventClients({ status: () => status }, heartbeatMs);
    await serve({ respond: async () => ({ start: clients.add }) });
    return clients;
  }

  it("get the status at once, and each one that differs", async () => {
    const clients = await serveEvents();
    const { response, until } = await follow();
    await until('data: {"count":0}\n\n');
    clients.notify("status");
    status = '{"count":1}';
    clients.notify("status");
    clients.notify("status");
    status = '{"count":2}';
    clients.notify("status");

    expect(await until('{"count":2}')).toBe(
      [0, 1, 2].map((count) => `event: status\ndata: {"count":${count}}\n\n`).join(""),
    );
    expect(response.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
    });
    response.destroy();
  });

  it("get a heartbeat", async () => {
    await serveEvents(20);
    const { response, until } = await follow();

    await until("event: alive\ndata:\n\nevent: alive\ndata:\n\n");
    response.destroy();
  });

  it("are 50 at most, and the next one gets a time to retry after", async () => {
    const clients = await serveEvents();
    const all = await Promise.all(Array.from({ length: 50 }, follow));
    const { response } = await follow();

    expect(response).toMatchObject({ statusCode: 503, headers: { "retry-after": "30" } });
    response.resume();
    all[0]?.response.destroy();
    await expect.poll(() => clients.size).toBe(49);
    expect((await follow()).response.statusCode).toBe(200);
    for (const { response: each } of all) each.destroy();
  });

  it("are disconnected when they stop reading, without harm to the others", async () => {
    const clients = await serveEvents();
    const slow = connect(port, "127.0.0.1").on("error", () => undefined);
    slow.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(slow, "data");
    slow.pause();
    const { response, until } = await follow();
    expect(clients.size).toBe(2);

    for (let count = 1; clients.size === 2 && count < 5_000; count += 1) {
      status = `{"count":${count},"padding":"${"x".repeat(10_000)}"}`;
      clients.notify("status");
      await until(`{"count":${count},`);
    }

    expect(clients.size).toBe(1);
    status = '{"count":"last"}';
    clients.notify("status");
    await until(status);
    response.destroy();
  });
});
