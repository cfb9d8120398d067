import { EventEmitter, once } from "node:events";
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { get as httpGet, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { createServer, connect as tcpConnect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ERRORS } from "../../../src/errors.ts";
import { openMetadataServer } from "../../../src/metadata-server/io/server.ts";

const ENVIRONMENT = fileURLToPath(new URL("../../fixtures/metadata/environment.yml", import.meta.url));
const JSON_ONLY = { accept: "application/json" };
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let folder: string;
let answersFile: string;
let port: number;
let stop: AbortController;
let closed: Promise<void>;
let lines: EventEmitter;
let logged: { level: number; msg: string }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metadata-server-"));
  answersFile = join(folder, "answers.yml");
  lines = new EventEmitter();
  logged = [];
});

afterEach(async () => {
  stop?.abort();
  await closed;
  await rm(folder, { recursive: true, maxRetries: 20 });
});

async function start(options: { port?: number } = {}) {
  stop = new AbortController();
  const write = (line: string) => {
    const entry = JSON.parse(line);
    logged.push(entry);
    lines.emit(entry.msg);
  };
  const log = pino({ level: "debug" }, { write });
  const server = await openMetadataServer({
    answersFile,
    host: "127.0.0.1",
    port: 0,
    log,
    signal: stop.signal,
    ...options,
  });
  ({ port, closed } = server);
}

async function startWith(content: string) {
  await writeFile(answersFile, content);
  await start();
}

interface Asked {
  method?: string;
  from?: string;
  headers?: Record<string, string>;
}
interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: string;
}

async function ask(path: string, { method = "GET", from, headers = {} }: Asked = {}): Promise<Answer> {
  const options = { port, host: "127.0.0.1", path, method, headers, agent: false };
  const sent = httpRequest(from === undefined ? options : { ...options, localAddress: from }).end();
  const [response] = await once(sent, "response");
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

const body = async (path: string, asked?: Asked) => (await ask(path, asked)).body;
const replaceAtomically = async (content: string) => {
  await writeFile(`${answersFile}.new`, content);
  await rename(`${answersFile}.new`, answersFile);
};

describe("with an environment", () => {
  beforeEach(async () => {
    await copyFile(ENVIRONMENT, answersFile);
    await start();
  });

  it("answers text unless the client asks for JSON or YAML, and declares every body as text", async () => {
    const asText = await ask("/latest/self/host/labels");
    const asJson = await ask("/latest/self/host/labels", { headers: JSON_ONLY });
    const asYaml = await ask("/latest/self/host/labels", { headers: { accept: "text/yaml" } });

    expect(asText.body).toBe("empty\nsite%2Fzone.a\n");
    expect(JSON.parse(asJson.body)).toEqual({ "site/zone.a": "z1", empty: "" });
    expect(parse(asYaml.body)).toEqual({ "site/zone.a": "z1", empty: "" });
    for (const { status, headers } of [asText, asJson, asYaml]) {
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        "access-control-allow-origin": "*",
        "content-type": "text/plain; charset=utf-8",
      });
    }
  });

  it("lists the versions at the root", async () => {
    expect(JSON.parse(await body("/", { headers: JSON_ONLY }))).toEqual({
      "2015-07-25": "/2015-07-25",
      "2015-12-19": "/2015-12-19",
      "2016-07-29": "/2016-07-29",
      latest: "/latest",
    });
  });

  it.each([
    { path: "/latest/stacks/shop/name", status: 200, body: "shop" },
    { path: "/2015-12-19/stacks/Shop/name/", status: 200, body: "Shop" },
    { path: "/2015-07-25/services/Web-Data/containers", status: 200, body: "" },
    { path: "/latest/self/host/labels/site%2Fzone.a", status: 200, body: "z1" },
    { path: "/latest/self/host/labels/empty", status: 200, body: "" },
    { path: "/latest/self", status: 200, body: "host/\n" },
    { path: "/latest/self/container", status: 404, body: "Not found\n" },
    { path: "/2017-04-22/version", status: 404, body: "Invalid version\n" },
    { path: "/latest/%zz", status: 400, body: "400 Bad Request" },
    { path: "/favicon.ico", status: 404, body: "404 page not found\n" },
    { path: "/latest//self", status: 301, body: "" },
  ])("answers $path with $status and $body", async ({ path, ...want }) => {
    expect(await ask(path)).toMatchObject(want);
  });

  it("redirects a path with a double slash", async () => {
    const { headers } = await ask("//latest/version?value=x");

    expect(headers.location).toBe("/latest/version?value=x");
  });

  it("answers errors in JSON if the client asks for JSON, except for unsupported requests", async () => {
    const missing = await ask("/latest/nothing", { headers: JSON_ONLY });
    const posted = await ask("/latest/self", { method: "POST", headers: JSON_ONLY });

    expect(missing).toMatchObject({
      status: 404,
      body: '{"code":404,"message":"Not found","type":"error"}\n',
    });
    expect(posted).toMatchObject({ status: 404, body: "404 page not found\n" });
  });

  it("answers HEAD with the headers of GET and no body", async () => {
    const { status, headers, body } = await ask("/latest/self/host/name", { method: "HEAD" });

    expect({ status, body }).toEqual({ status: 200, body: "" });
    expect(headers["content-length"]).toBe("6");
  });

  it("sends short bodies with their length and long ones in chunks, like Go", async () => {
    const short = await ask("/latest/version");
    const long = await ask("/latest", { headers: JSON_ONLY });

    expect(short.headers["content-length"]).toBe("36");
    expect(long.headers).toMatchObject({ "transfer-encoding": "chunked" });
    expect(JSON.parse(long.body)).toMatchObject({ name: "prod", hosts: [{}, {}] });
  });

  it("ignores headers that claim another client address", async () => {
    const { status } = await ask("/latest/self/container", { headers: { "x-forwarded-for": "10.42.0.1" } });

    expect(status).toBe(404);
  });

  it("has one version for all API versions, and a new one at each reload, even of the same content", async () => {
    const before = await body("/latest/version");
    const again = await body("/2015-07-25/version");

    const wakened = body(`/2016-07-29/version?wait=true&value=${before}&maxWait=60`);
    await copyFile(ENVIRONMENT, answersFile);

    expect(before).toMatch(UUID_V4);
    expect(again).toBe(before);
    expect(await wakened).toMatch(UUID_V4);
    expect(await wakened).not.toBe(before);
    expect(await body("/latest/version")).toBe(await wakened);
  });

  it("wakes every long poll as soon as another file is renamed into place", async () => {
    const before = await body("/latest/version");
    const waiting = Array.from({ length: 20 }, () =>
      body(`/latest/version?wait=true&value=${before}&maxWait=60`),
    );

    await replaceAtomically("default: { name: renamed }");
    const versions = new Set(await Promise.all(waiting));

    expect(versions.size).toBe(1);
    expect(versions).not.toContain(before);
    expect(await body("/latest/name")).toBe("renamed");
  });

  it("does not wait for an object, for a negative time, or for the document of a version", async () => {
    const version = await body("/latest/version");

    const answers = await Promise.all([
      body("/latest/self?wait=true&value=host/&maxWait=60"),
      body(`/latest/version?wait=true&value=${version}&maxWait=-1`),
      body(`/latest/version?wait=1&value=${version}&maxWait=60`),
      body("/latest/version?wait=true&maxWait=60"),
      body("/latest/version?wait=true&value=init&maxWait=60"),
    ]);

    expect(answers).toEqual(["host/\n", version, version, version, version]);
  });

  it("ends an unchanged wait at the first wake-up after its time, and one for a missing key with 404", async () => {
    const version = await body("/latest/version");
    const begin = performance.now();

    const answers = await Promise.all([
      ask(`/latest/version?wait=true&value=${version}&maxWait=1`),
      ask("/latest/missing?wait=true&value=x&maxWait=1"),
    ]);

    const waitedMs = performance.now() - begin;
    expect(answers).toMatchObject([
      { status: 200, body: version },
      { status: 404, body: "Not found\n" },
    ]);
    expect(waitedMs).toBeGreaterThan(1_000);
    expect(waitedMs).toBeLessThan(40_000);
  });

  it("keeps the answers while the file is broken or missing, logs that, and loads the next good file", async () => {
    const version = await body("/latest/version");

    const refused = once(lines, "answers not loaded, the last good ones are kept");
    await writeFile(answersFile, "hosts: [");
    await refused;
    await rm(answersFile);
    const kept = await body("/latest/version");
    const wakened = body(`/latest/version?wait=true&value=${version}&maxWait=60`);
    await writeFile(answersFile, "default: { name: mended }");

    expect(kept).toBe(version);
    expect(await wakened).not.toBe(version);
    expect(await body("/latest/name")).toBe("mended");
    expect(logged.filter(({ level }) => level > 30)).toMatchObject([
      {
        level: 50,
        code: "ANSWERS_INVALID",
        reason: expect.stringMatching(/^the file is not YAML: .* at line 1, column/),
        hint: ERRORS.ANSWERS_INVALID,
        file: answersFile,
      },
    ]);
    expect(logged.some((entry) => "err" in entry)).toBe(false);
  });

  it("survives clients that send garbage or leave, and logs no warning", async () => {
    const version = await body("/latest/version");
    for (const nonsense of [
      "\0\0\0",
      "GET\r\n\r\n",
      "GET /\u00ff HTTP/9.9\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    ]) {
      const socket = tcpConnect(port, "127.0.0.1");
      socket.end(nonsense);
      await text(socket);
    }
    const received = once(lines, "request received");
    const leaver = httpGet({ port, host: "127.0.0.1", path: `/latest/version?wait=true&value=${version}` });
    leaver.on("error", () => {}); // its own hanging up
    await received;
    leaver.destroy();

    expect(await body("/latest/version")).toBe(version);
    expect(logged.filter(({ level }) => level > 30)).toEqual([]);
  });

  it("ends at once when it is aborted: it closes long polls and frees its port", async () => {
    const idle = tcpConnect(port, "127.0.0.1").on("error", () => {}); // cut off in one way or another
    await once(idle, "connect");
    const received = once(lines, "request received");
    const cutOff = expect(ask("/latest/missing?wait=true&value=x&maxWait=60")).rejects.toMatchObject({
      code: "ECONNRESET",
    });
    await received;

    const begin = performance.now();
    stop.abort();
    await Promise.all([closed, cutOff, once(idle, "close")]);

    expect(performance.now() - begin).toBeLessThan(20_000);
    const next = createServer().listen(port, "127.0.0.1");
    await once(next, "listening");
    next.close();
    expect(logged.filter(({ level }) => level > 30)).toEqual([]);
  });
});

it("knows clients by their source address", async () => {
  await startWith(`
    default: { self: { host: { name: all } } }
    127.0.0.2: { self: { host: { name: second }, container: { name: own } } }`);

  expect(await body("/latest/self/host/name")).toBe("all");
  expect(await body("/latest/self/host/name", { from: "127.0.0.2" })).toBe("second");
  expect(await body("/latest/self/container/name", { from: "127.0.0.2" })).toBe("own");
  expect(await body("/latest/self/container/name", { from: "127.0.0.3" })).toBe("Not found\n");
});

it("has no answers until the file appears, and then answers the long polls", async () => {
  await start();

  expect(logged).toMatchObject([
    { level: 40, hint: expect.stringContaining("--answers"), file: answersFile },
    {},
  ]);
  expect(await ask("/", { headers: JSON_ONLY })).toMatchObject({ status: 200, body: '{"latest":"/latest"}' });
  expect(await ask("/latest/version")).toMatchObject({ status: 404, body: "Not found\n" });
  expect(await ask("/2016-07-29/version")).toMatchObject({ status: 404, body: "Invalid version\n" });
  const waiting = body("/latest/version?wait=true&value=init&maxWait=60");
  await copyFile(ENVIRONMENT, answersFile);

  expect(await waiting).toMatch(UUID_V4);
  expect(await ask("/2016-07-29/version")).toMatchObject({ status: 200, body: await waiting });
});

it("closes the connection for a document that contains itself, and continues to serve", async () => {
  await startWith("default: { name: here, loop: &loop { again: *loop } }");

  await expect(ask("/latest/loop", { headers: JSON_ONLY })).rejects.toMatchObject({ code: "ECONNRESET" });

  expect(await body("/latest/name")).toBe("here");
});

it.each(["", "?wait=true&value=x&maxWait=60"])(
  "closes the connection without an answer for a key below null%s, and continues to serve",
  async (query) => {
    await startWith("default: { name: here, nothing: null }");

    await expect(ask(`/latest/nothing/x${query}`)).rejects.toMatchObject({ code: "ECONNRESET" });

    expect(await body("/latest/name")).toBe("here");
    expect(logged.filter(({ level }) => level > 30)).toEqual([]);
  },
);

it("lets any page read what its router knows, and only that", async () => {
  await startWith("default: { name: here }");
  const origins = async (path: string) => (await ask(path)).headers["access-control-allow-origin"];

  for (const path of ["/", "/latest/name", "/latest/nothing", "/2017-04-22/version"])
    expect(await origins(path), path).toBe("*");
  for (const path of ["/latest//name", "/favicon.ico", "/latest/%zz"])
    expect(await origins(path), path).toBeUndefined();
});

it("takes a path of 20 kB", async () => {
  await startWith("default: { name: here }");

  expect(await ask(`/latest/${"x".repeat(20_000)}`)).toMatchObject({ status: 404, body: "Not found\n" });
});

it.each([
  { content: "hosts: [", says: /^.*answers\.yml: the file is not YAML: .* at line 1, column/ },
  { content: "- a list", says: /^.*answers\.yml: the file is not a map$/ },
])("rejects if the file holds $content at the start", async ({ content, says }) => {
  closed = Promise.resolve();

  await expect(startWith(content)).rejects.toMatchObject({
    code: "ANSWERS_INVALID",
    message: expect.stringMatching(says),
    hint: "Correct the answers file, and start the server again.",
  });
});

it("rejects if the file cannot be read at the start", async () => {
  closed = Promise.resolve();
  await mkdir(answersFile);

  await expect(start()).rejects.toMatchObject({ code: "ANSWERS_INVALID", cause: { code: "EISDIR" } });
});

it("rejects if it cannot listen", async () => {
  await startWith("default: {}");
  const first = { port, stop, closed };

  await expect(start({ port })).rejects.toMatchObject({
    code: "LISTEN_FAILED",
    cause: { code: "EADDRINUSE" },
  });

  first.stop.abort();
  await first.closed;
});

it("rejects if it was aborted before it began", async () => {
  const signal = AbortSignal.abort(new Error("too late"));

  const begun = openMetadataServer({
    answersFile,
    host: "127.0.0.1",
    port: 0,
    log: pino({ level: "silent" }),
    signal,
  });

  await expect(begun).rejects.toThrow("too late");
});
