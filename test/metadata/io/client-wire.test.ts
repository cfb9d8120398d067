/** What a server may put on the wire that no HTTP library writes: taken where it is whole, refused where it is not. */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { describeError } from "../../../src/errors.ts";
import { type MetadataClient, openMetadataClient } from "../../../src/metadata/io/client.ts";

const BODY = '{"uuid":"host-1"}';
const HEAD = "HTTP/1.1 200 OK\r\n";
const WHOLE = `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n`;
const CHUNK = `${BODY.length.toString(16)}\r\n${BODY}\r\n`;

let server: Server | undefined;
const sockets = new Set<Socket>();
const shutdown = new AbortController();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
});

/** A client of a server that answers each request with the same bytes, and ends the connection where `isLast`. */
async function against(
  answer: string | Buffer,
  { isLast = false, readMs = 10_000 } = {},
): Promise<MetadataClient> {
  const listening = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", () => {
      if (isLast) socket.end(answer);
      else socket.write(answer);
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const { port } = listening.address() as AddressInfo;
  return openMetadataClient({
    url: `http://127.0.0.1:${port}`,
    log: pino({ level: "silent" }),
    signal: shutdown.signal,
    deadlines: { readMs, pollSlackMs: 0 },
  });
}

describe("is taken", () => {
  it.each([
    { why: "HTTP/1.0 that ends with the connection", answer: `HTTP/1.0 200 OK\r\n\r\n${BODY}`, isLast: true },
    {
      why: "many interim answers before the one",
      answer: "HTTP/1.1 100 Continue\r\n\r\n".repeat(200) + WHOLE,
    },
    {
      why: "early hints before the answer",
      answer: `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${WHOLE}`,
    },
    { why: "a byte order mark", answer: `${HEAD}Content-Length: ${BODY.length + 3}\r\n\r\n\ufeff${BODY}` },
    {
      why: "plain JSON that is called gzip",
      answer: WHOLE.replace("\r\n", "\r\nContent-Encoding: gzip\r\n"),
    },
    { why: "a connection that is closed though it was to be kept", answer: WHOLE, isLast: true },
  ])("$why, twice", async ({ answer, isLast }) => {
    const client = await against(answer, { isLast: isLast ?? false });

    for (let times = 0; times < 2; times += 1) {
      await expect(client.get("self/host")).resolves.toEqual({ uuid: "host-1" });
    }
  });
});

describe("is refused", () => {
  it.each([
    { why: "a chunk that is cut", answer: `${CHUNKED}\r\n${CHUNK.slice(0, -9)}`, isLast: true },
    { why: "chunks without the last one", answer: `${CHUNKED}\r\n${CHUNK}`, isLast: true },
    { why: "a chunk of no size", answer: `${CHUNKED}\r\nzz\r\n${BODY}\r\n0\r\n\r\n` },
    { why: "chunks with a length", answer: `${CHUNKED}Content-Length: 5\r\n\r\n${CHUNK}0\r\n\r\n` },
    { why: "two lengths", answer: WHOLE.replace("\r\n", "\r\nContent-Length: 3\r\n") },
    { why: "a length below zero", answer: `${HEAD}Content-Length: -1\r\n\r\n${BODY}` },
    { why: "headers without end", answer: `${HEAD}${"X-A: b\r\n".repeat(50_000)}` },
    { why: "a body without head", answer: BODY, isLast: true },
    {
      why: "another protocol",
      answer: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
      readMs: 200,
    },
    { why: "nothing but interim answers", answer: "HTTP/1.1 102 Processing\r\n\r\n", readMs: 200 },
  ])("as unreachable: $why", async ({ answer, isLast = false, readMs = 20_000 }) => {
    const client = await against(answer, { isLast, readMs });

    await expect(client.get("self/host")).rejects.toMatchObject({ code: "METADATA_UNREACHABLE" });
  });

  it.each([
    { why: "HTTP/1.0 that was cut", answer: `HTTP/1.0 200 OK\r\n\r\n${BODY.slice(0, -3)}`, isLast: true },
    { why: "a length that is too short", answer: `${HEAD}Content-Length: 9\r\n\r\n${BODY}` },
    { why: "a part of a document", answer: WHOLE.replace("200 OK", "206 Partial Content") },
    { why: "a document that is not sent, as none changed", answer: "HTTP/1.1 304 Not Modified\r\n\r\n" },
    { why: "gzip that nobody asked for", answer: compressed(BODY) },
    { why: "a small gzip of much", answer: compressed(" ".repeat(50_000_000)) },
    { why: "UTF-16", answer: withBody(Buffer.from(`\ufeff${BODY}`, "utf16le")) },
    {
      why: "a body that is announced as too large, before it is sent",
      answer: `${HEAD}Content-Length: 9000000\r\n\r\n`,
    },
    { why: "NaN", answer: withBody(Buffer.from('{"create_index":NaN}')) },
  ])("as malformed: $why", async ({ answer, isLast = false }) => {
    const client = await against(answer, { isLast });

    await expect(client.get("self/host")).rejects.toMatchObject({ code: "METADATA_MALFORMED" });
  });
});

it("names the cause once, and then what was found", async () => {
  const client = await against(withBody(Buffer.from("<html>")));

  const error: unknown = await client.get("self/host").catch((reason: unknown) => reason);

  expect(describeError(error)).toMatch(/self\/host: not JSON in UTF-8 \(Unexpected token '<'/);
});

function withBody(body: Buffer, header = ""): Buffer {
  return Buffer.concat([Buffer.from(`${HEAD}${header}Content-Length: ${body.length}\r\n\r\n`), body]);
}

function compressed(text: string): Buffer {
  return withBody(gzipSync(text), "Content-Encoding: gzip\r\n");
}
