import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type MetadataClient, openMetadataClient } from "../../../src/metadata/io/client.ts";

const log = pino({ level: "silent" });
const servers: Server[] = [];
let shutdown: AbortController;

beforeEach(() => {
  shutdown = new AbortController();
});

afterEach(() => {
  vi.unstubAllEnvs();
  shutdown.abort();
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function connect(url: string, deadlines = { readMs: 10_000, pollSlackMs: 10_000 }): MetadataClient {
  return openMetadataClient({ url, log, signal: shutdown.signal, deadlines });
}

async function unusedUrl(): Promise<string> {
  const url = await serve(() => {});
  const server = servers.pop()!;
  await new Promise((resolve) => server.close(resolve));
  return url;
}

describe("a GET", () => {
  it("requests JSON of the pinned API version, and ignores the content type", async () => {
    const asked: unknown[] = [];
    const url = await serve((request, response) => {
      asked.push([request.method, request.url, request.headers.accept, request.headers["accept-encoding"]]);
      response.setHeader("Content-Type", "text/plain; charset=utf-8").end('{"name":"Node-1"}');
    });

    await expect(connect(url).get("self/host")).resolves.toEqual({ name: "Node-1" });
    expect(asked).toEqual([["GET", "/2016-07-29/self/host", "application/json", "identity"]]);
  });

  it("asks for text", async () => {
    const url = await serve((request, response) => {
      response.end(request.headers.accept === "text/plain" ? "0=lb\n1=größe\n" : "{}");
    });

    await expect(connect(`${url}/`).get("stacks", "text")).resolves.toBe("0=lb\n1=größe\n");
  });

  it("keeps encoded segments as they are", async () => {
    const url = await serve((request, response) => void response.end(JSON.stringify(request.url)));

    const path = `stacks/${encodeURIComponent("a/b +c")}`;
    await expect(connect(url).get(path)).resolves.toBe("/2016-07-29/stacks/a%2Fb%20%2Bc");
  });

  it("reuses its connection, also after an error", async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.writeHead(ports.size === 1 && request.url?.endsWith("gone") ? 404 : 200).end("{}");
    });
    const client = connect(url);

    await client.get("hosts");
    await expect(client.get("gone")).rejects.toMatchObject({ code: "METADATA_NOT_FOUND" });
    await client.get("hosts");
    expect(ports.size).toBe(1);
  });

  it("bypasses any proxy", async () => {
    const proxied: unknown[] = [];
    const proxy = await serve((request, response) => {
      proxied.push(request.url);
      response.end("{}");
    });
    const url = await serve((_, response) => void response.end('"direct"'));
    for (const name of ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]) vi.stubEnv(name, proxy);
    for (const name of ["no_proxy", "NO_PROXY"]) vi.stubEnv(name, "");
    vi.stubEnv("NODE_USE_ENV_PROXY", "1");

    await expect(connect(url).get("version")).resolves.toBe("direct");
    expect(proxied).toEqual([]);
  });
});

describe("an unusable answer", () => {
  const answers: { why: string; code: string; listener: RequestListener; readMs?: number }[] = [
    {
      why: "a path that is not there",
      code: "METADATA_NOT_FOUND",
      listener: (_, r) => r.writeHead(404).end("Not found\n"),
    },
    {
      why: "an error of the server",
      code: "METADATA_MALFORMED",
      listener: (_, r) => r.writeHead(500).end("{}"),
    },
    { why: "an empty success", code: "METADATA_MALFORMED", listener: (_, r) => r.writeHead(204).end() },
    {
      why: "an HTML page",
      code: "METADATA_MALFORMED",
      listener: (_, r) => r.end("<!doctype html><p>Sign in</p>"),
    },
    { why: "nothing", code: "METADATA_MALFORMED", listener: (_, r) => r.end() },
    { why: "JSON that stops", code: "METADATA_MALFORMED", listener: (_, r) => r.end('{"hosts":[{"uuid":') },
    {
      why: "JSON nested without end",
      code: "METADATA_MALFORMED",
      listener: (_, r) => r.end("[".repeat(1_000_000)),
    },
    {
      why: "a name in Latin-1",
      code: "METADATA_MALFORMED",
      listener: (_, r) => r.end(Buffer.from('{"name":"gr\xf6\xdfe"}', "latin1")),
    },
    {
      why: "a redirect",
      code: "METADATA_MALFORMED",
      listener: (q, r) => r.writeHead(q.url?.endsWith("/x") ? 302 : 200, { Location: "/" }).end("{}"),
    },
    {
      why: "10 MB",
      code: "METADATA_MALFORMED",
      listener: (_, r) => r.end(JSON.stringify("x".repeat(10_000_000))),
    },
    {
      why: "10 MB of unknown length",
      code: "METADATA_MALFORMED",
      listener: (_, r) => {
        r.write('"');
        r.end("x".repeat(10_000_000));
      },
    },
    {
      why: "a reset before the answer",
      code: "METADATA_UNREACHABLE",
      listener: (q) => q.socket.resetAndDestroy(),
    },
    { why: "an end before the answer", code: "METADATA_UNREACHABLE", listener: (q) => q.socket.destroy() },
    {
      why: "a reset amid the body",
      code: "METADATA_UNREACHABLE",
      listener: (q, r) => {
        r.writeHead(200, { "Content-Length": 100 });
        r.write('{"uuid":', () => q.socket.resetAndDestroy());
      },
    },
    {
      why: "an end amid the body",
      code: "METADATA_UNREACHABLE",
      listener: (q, r) => {
        r.write('{"uuid":', () => q.socket.destroy());
      },
    },
    { why: "silence", code: "METADATA_UNREACHABLE", readMs: 150, listener: () => {} },
    {
      why: "headers and then silence",
      code: "METADATA_UNREACHABLE",
      readMs: 150,
      listener: (_, r) => r.flushHeaders(),
    },
    {
      why: "a drip",
      code: "METADATA_UNREACHABLE",
      readMs: 250,
      listener: (q, r) => {
        const drip = setInterval(() => r.write(" "), 20);
        q.socket.on("close", () => clearInterval(drip));
      },
    },
  ];

  it.each(answers)("$why: $code", async ({ listener, code, readMs = 10_000 }) => {
    const url = await serve(listener);

    await expect(connect(url, { readMs, pollSlackMs: 0 }).get("x")).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`GET ${url}/2016-07-29/x: `),
    });
  });

  it("a refused connection: METADATA_UNREACHABLE", async () => {
    const client = connect(await unusedUrl());

    await expect(client.get("x")).rejects.toMatchObject({
      code: "METADATA_UNREACHABLE",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("leaves the client usable", async () => {
    let answered = 0;
    const url = await serve((request, response) => {
      answered += 1;
      if (answered === 1) request.socket.destroy();
      else response.end("7");
    });
    const client = connect(url);

    await expect(client.get("x")).rejects.toMatchObject({ code: "METADATA_UNREACHABLE" });
    await expect(client.get("x")).resolves.toBe(7);
  });
});

describe("a kept-alive connection that the server dropped", () => {
  function dropAfterFirst(asked: (number | undefined)[]): RequestListener {
    return (request, response) => {
      const isReused = asked.includes(request.socket.remotePort);
      asked.push(request.socket.remotePort);
      if (isReused) request.socket.resetAndDestroy();
      else response.end(String(asked.length));
    };
  }

  it("is replaced at once, without an error for the caller", async () => {
    const asked: (number | undefined)[] = [];
    const client = connect(await serve(dropAfterFirst(asked)));

    await expect(client.get("x")).resolves.toBe(1);
    await expect(client.get("x")).resolves.toBe(3);
    expect(new Set(asked).size).toBe(2);
  });

  it("differs from a fresh connection, whose reset is a failure", async () => {
    let asked = 0;
    const url = await serve((request) => {
      asked += 1;
      request.socket.resetAndDestroy();
    });

    await expect(connect(url).get("x")).rejects.toMatchObject({ code: "METADATA_UNREACHABLE" });
    expect(asked).toBe(1);
  });
});

describe("a long poll", () => {
  it("sends the version that it has, and waits", async () => {
    const url = await serve(
      (request, response) => void response.end(JSON.stringify(request.url!.split("?")[1])),
    );

    const query = await connect(url).waitForChange("a-b");
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
      wait: "true",
      value: "a-b",
      maxWait: "30",
    });
  });

  it("waits for the given time", async () => {
    const url = await serve((request, response) => void response.end(JSON.stringify(request.url)));

    expect(await connect(url).waitForChange("v", 7)).toContain("maxWait=7");
  });

  it("has its own deadline, after its wait", async () => {
    const url = await serve((_, response) => void setTimeout(() => response.end('"late"'), 900));
    const silent = await serve(() => {});
    const deadlines = { readMs: 50, pollSlackMs: 3_000 };

    await expect(connect(url, deadlines).waitForChange("v", 1)).resolves.toBe("late");
    await expect(connect(silent, deadlines).waitForChange("v", 1)).rejects.toMatchObject({
      code: "METADATA_UNREACHABLE",
      message: expect.stringContaining("within 4000 ms"),
    });
  });

  it.each(["7", "null", '""', "{}", '"a b"'])("does not take %s for a version", async (body) => {
    const url = await serve((_, response) => void response.end(body));

    await expect(connect(url).waitForChange("v")).rejects.toMatchObject({ code: "METADATA_MALFORMED" });
  });
});

it("an abort ends a request at once, with the reason of the abort", async () => {
  const asked = Promise.withResolvers<void>();
  const url = await serve(() => asked.resolve());
  const poll = connect(url).waitForChange("v");
  await asked.promise;

  const startedMs = performance.now();
  shutdown.abort(new Error("stopping"));

  await expect(poll).rejects.toThrow("stopping");
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});
