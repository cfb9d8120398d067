import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { probeHttp } from "../../../src/health/io/http-probe.ts";
import type { HttpProbe } from "../../../src/settings/value-http-probe.ts";
import { besideSilentResolver } from "./own-network.ts";

const cleanUps: (() => void)[] = [];
let shutdown: AbortController;
beforeEach(() => {
  shutdown = new AbortController();
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

async function listen(server: Server): Promise<number> {
  server.on("connection", (socket) => cleanUps.push(() => socket.destroy()));
  cleanUps.push(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}/health?token=secret`;
}

/** A server that answers with each of these in turn, and counts. */
async function serveInTurn(...answers: ((response: ServerResponse) => void)[]) {
  const asked = { count: 0, url: "" };
  asked.url = await serve((_request, response) => {
    answers[asked.count++]?.(response);
  });
  return asked;
}

const check = (url: string, timeoutMs = 10_000, probe: Partial<HttpProbe> = {}) =>
  probeHttp({
    url,
    statuses: [200, 399],
    hostHeader: undefined,
    ...probe,
    timeoutMs,
    signal: shutdown.signal,
  });
const status = (code: number) => (response: ServerResponse) => void response.writeHead(code).end("body");
const reset = (response: ServerResponse) => void response.socket?.resetAndDestroy();
const silent = () => undefined;

describe("what is asked and expected", () => {
  it("takes the statuses that are named", async () => {
    const url = await serve((_request, response) => void response.writeHead(503).end());

    expect(await check(url, 10_000, { statuses: [503, 503] })).toMatchObject({ sample: "healthy" });
    expect(await check(url, 10_000, { statuses: [200, 299] })).toEqual({
      sample: "unhealthy",
      reason: "status 503, expected 200-299",
    });
  });

  it("sends the host that is named", async () => {
    const hosts: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      hosts.push(request.headers.host);
      response.end();
    });
    await check(url, 10_000, { hostHeader: "app.example.com" });

    expect(hosts).toEqual(["app.example.com"]);
  });
});

describe("the status line", () => {
  it.each([
    { code: 200, want: { sample: "healthy", reason: "200 OK" } },
    { code: 204, want: { sample: "healthy", reason: "204 No Content" } },
    { code: 302, want: { sample: "healthy", reason: "302 Found" } },
    { code: 400, want: { sample: "unhealthy", reason: "status 400, expected 200-399" } },
    { code: 503, want: { sample: "unhealthy", reason: "status 503, expected 200-399" } },
  ])("$code is $want.sample", async ({ code, want }) => {
    expect(await check(await serve((_request, response) => status(code)(response)))).toEqual(want);
  });

  it("is all that counts: a body may be cut short, or have no end", async () => {
    const cut = await serve((_request, response) => {
      response.writeHead(200, { "Content-Length": 1000 }).write("part");
      setImmediate(() => response.socket?.resetAndDestroy());
    });
    let isClosed: Promise<unknown> | undefined;
    const endless = await serve((_request, response) => {
      isClosed = once(response, "close");
      const more = () => response.write("x".repeat(10_000), more);
      more();
    });
    const dripping = await serve((_request, response) => void response.writeHead(200).write("x"));

    expect((await check(cut)).sample).toBe("healthy");
    // the whole time for a probe is not waited for: the test would be over before
    expect((await check(endless, 600_000)).sample).toBe("healthy");
    await isClosed;
    expect((await check(dripping, 2_000)).sample).toBe("healthy");
  });

  it("cannot write more than a line of words", async () => {
    const url = await serve((_request, response) => {
      response.socket?.end(`HTTP/1.1 200 ${"a\u001b[2J\t".repeat(200)}\r\n\r\n`);
    });

    const { reason } = await check(url);

    expect(reason).toMatch(/^200 a/);
    expect(reason).not.toMatch(/\p{Cc}/u);
    expect([...reason].length).toBeLessThanOrEqual(160);
  });
});

describe("a request", () => {
  it("goes to the host of the URL, over a connection of its own, past any proxy, and follows no redirect", async () => {
    vi.stubEnv("http_proxy", "http://127.0.0.1:1");
    const asked: unknown[] = [];
    const url = await serve((request, response) => {
      const { host, connection, accept } = request.headers;
      asked.push([request.method, request.url, host, connection, accept, request.socket.remotePort]);
      response.writeHead(302, { Location: "/elsewhere" }).end();
    });

    await check(url);
    await check(url);

    const request = ["GET", "/health?token=secret", new URL(url).host, "close", "*/*", expect.any(Number)];
    expect(asked).toEqual([request, request]);
    expect(new Set(asked.map((it) => (it as unknown[]).at(-1))).size).toBe(2);
  });

  it("reads a body that is short to its end, so that the server sees no aborted one", async () => {
    let ended: Promise<boolean> | undefined;
    const url = await serve((_request, response) => {
      ended = once(response, "close").then(() => response.writableFinished);
      response.write("a");
      setTimeout(() => response.end("b".repeat(1_000)), 100);
    });

    await check(url);

    expect(await ended).toBe(true);
  });

  it("accepts a server whose certificate is not trusted", async () => {
    const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "-", "-subj", "/CN=other"];
    const { stdout: pem } = await execa("openssl", args, { stderr: "ignore" });
    const port = await listen(
      createTlsServer({ key: pem, cert: pem }, (_, response) => status(200)(response)),
    );

    expect(await check(`https://127.0.0.1:${port}/`)).toEqual({ sample: "healthy", reason: "200 OK" });
    expect(await check(`http://127.0.0.1:${port}/`)).toMatchObject({ sample: "unhealthy" });
  });
});

describe("a bad answer", () => {
  it.each([
    { why: "two failures", answers: [status(500), reset, status(200)], want: "healthy", count: 3 },
    { why: "three failures", answers: [reset, status(500), status(404)], want: "unhealthy", count: 3 },
    { why: "silence", answers: [silent, status(200)], want: "unhealthy", count: 1 },
    { why: "a failure and silence", answers: [status(500), silent], want: "unhealthy", count: 2 },
  ])(
    "is asked again at once, twice at most, and not after silence: $why",
    async ({ answers, want, count }) => {
      const asked = await serveInTurn(...answers);

      expect((await check(asked.url, answers.includes(silent) ? 2_000 : 10_000)).sample).toBe(want);
      expect(asked.count).toBe(count);
    },
  );

  it("is reported by its kind, without the URL", async () => {
    const refusing = await serve(() => undefined);
    for (const cleanUp of cleanUps.splice(0)) cleanUp();
    const garbage = await listen(createTcpServer((socket) => void socket.end("SSH-2.0-x\r\n")));

    expect(await check(refusing)).toEqual({ sample: "unhealthy", reason: "connection refused" });
    expect(await check(await serve((_, response) => reset(response)))).toEqual({
      sample: "unhealthy",
      reason: "connection reset",
    });
    expect(await check(`http://127.0.0.1:${garbage}/`)).toEqual({
      sample: "unhealthy",
      reason: expect.stringMatching(/^answer is not HTTP \(HPE_\w+\)$/),
    });
    expect(await check(await serve(silent), 100)).toEqual({
      sample: "unhealthy",
      reason: "no answer within 100 ms",
    });
  });
});

it("is unknown where the name is not resolved in time, and unhealthy where there is no answer after that", async () => {
  const outcomes = await besideSilentResolver(
    `import { createServer } from "node:net";
    const server = createServer().listen(80, "127.0.0.1");
    const ask = (host, timeoutMs) =>
      httpprobe.probeHttp({ url: "http://" + host + "/", statuses: [200, 399], timeoutMs, signal });
    console.log(JSON.stringify([await ask("app.example.com", 300), await ask("app.example.com", 9_000), await ask("localhost", 300), await ask("127.0.0.1", 300)]));
    server.close();`,
  );

  expect(outcomes).toEqual([
    { sample: "unknown", reason: "name not resolved within 300 ms" },
    { sample: "unknown", reason: "not asked: EAI_AGAIN" },
    { sample: "unhealthy", reason: "no answer within 300 ms" },
    { sample: "unhealthy", reason: "no answer within 300 ms" },
  ]);
});

it("ends with the signal's reason, and closes its connection", async () => {
  let closed: Promise<unknown> | undefined;
  const arrived = new Promise<string>((resolve) => {
    void serve((request) => {
      closed = once(request.socket, "close");
      shutdown.abort(new Error("shutdown"));
    }).then(resolve);
  });

  await expect(check(await arrived)).rejects.toThrow("shutdown");
  await closed;
  await expect(check(await arrived)).rejects.toThrow("shutdown");
});
