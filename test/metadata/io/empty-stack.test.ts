/**
 * A stack without services: its `services` are null, and below null the server ends the connection without an answer. The
 * agent must not take that for a server that is down, or it would never look for its service elsewhere.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openMetadataClient } from "../../../src/metadata/io/client.ts";
import { readOwnService } from "../../../src/metadata/io/read-service.ts";
import type { ServiceLocator } from "../../../src/metadata/own-service.ts";
import { openMetadataServer } from "../../../src/metadata-server/io/server.ts";

const DOCKER_ID = "a".repeat(64);
const ENVIRONMENT = "environment-1";
const log = pino({ level: "silent" });

let folder: string;
let stop: AbortController;
let closed: Promise<void>;
let read: (locator: ServiceLocator) => ReturnType<typeof readOwnService>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "empty-stack-"));
  const answersFile = join(folder, "answers.json");
  const container = { uuid: "c1", name: "vips-keepalived-1", host_uuid: "h1", external_id: DOCKER_ID };
  const service = { uuid: "v1", name: "keepalived", stack_name: "vips", environment_uuid: ENVIRONMENT };
  const own = { ...container, state: "running", environment_uuid: ENVIRONMENT };
  const stacks = [
    { name: "former", uuid: "s1", services: null },
    { name: "vips", uuid: "s2", services: [{ ...service, containers: [own] }] },
  ];
  await writeFile(answersFile, JSON.stringify({ default: { stacks, self: { host: { uuid: "h1" } } } }));
  stop = new AbortController();
  const { signal } = stop;
  const server = await openMetadataServer({ answersFile, host: "127.0.0.1", port: 0, log, signal });
  closed = server.closed;
  const { get } = openMetadataClient({ url: `http://127.0.0.1:${server.port}`, log, signal });
  read = (locator) => readOwnService(get, locator, ENVIRONMENT);
});

afterEach(async () => {
  stop.abort();
  await closed;
  await rm(folder, { recursive: true, maxRetries: 20 });
});

describe("a stack without services", () => {
  it("is a service that is not there, by its names", async () => {
    await expect(read({ stackName: "former", serviceName: "keepalived" })).rejects.toMatchObject({
      code: "METADATA_NOT_FOUND",
      message: expect.stringContaining("metadata has no service former/keepalived"),
    });
  });

  it("is searched no further where the service was once", async () => {
    const remembered = { stackName: "former", name: "keepalived" };

    await expect(read({ dockerId: DOCKER_ID, remembered })).resolves.toMatchObject({ stackName: "vips" });
  });
});

it("a server that is down is still unreachable", async () => {
  stop.abort();
  await closed;
  const client = openMetadataClient({ url: "http://127.0.0.1:1", log, signal: new AbortController().signal });

  await expect(
    readOwnService(client.get, { stackName: "vips", serviceName: "keepalived" }, ENVIRONMENT),
  ).rejects.toMatchObject({ code: "METADATA_UNREACHABLE" });
});
