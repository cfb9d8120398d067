import pino from "pino";
import { afterEach, expect, it } from "vitest";
import { AgentError } from "../../../src/errors.ts";
import { type RefreshResult, runMetadataPoll } from "../../../src/metadata/io/poll.ts";

const log = pino({ level: "silent" });
const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

/** A metadata service that holds a version and wakes its pollers when it changes. */
function service(first = "v1") {
  let version = first;
  let changed = Promise.withResolvers<void>();
  let failure: AgentError | undefined;
  const polls: { value: string; seconds: number }[] = [];
  return {
    polls,
    publish: (next: string) => {
      version = next;
      changed.resolve();
      changed = Promise.withResolvers();
    },
    failWith: (error: AgentError | undefined) => {
      failure = error;
    },
    client: {
      get: async () => undefined,
      waitForChange: async (value: string, seconds: number) => {
        polls.push({ value, seconds });
        if (failure !== undefined) throw failure;
        if (value === version) await changed.promise;
        return version;
      },
    },
  };
}

function follow(metadata: ReturnType<typeof service>, read: (version: string) => Promise<RefreshResult>) {
  const stop = new AbortController();
  stops.push(stop);
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => failures.push(error);
  const done = runMetadataPoll({
    client: metadata.client,
    refresh: read,
    onFailure,
    log,
    signal: stop.signal,
  });
  return { failures, stop, done };
}

/** A reader that notes what it reads; `until` waits for the nth reading. */
function notes() {
  const versions: string[] = [];
  const atMs: number[] = [];
  let wake: (() => void) | undefined;
  return {
    versions,
    atMs,
    read: async (version: string): Promise<RefreshResult> => {
      versions.push(version);
      atMs.push(performance.now());
      wake?.();
      return { version, readAgainAtMs: undefined };
    },
    until: async (count: number) => {
      while (versions.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

it("reads the current version at once, and each later one when it appears", async () => {
  const metadata = service();
  const { versions, read, until } = notes();
  follow(metadata, read);

  await until(1);
  metadata.publish("v2");
  await until(2);

  expect(versions).toEqual(["v1", "v2"]);
  expect(metadata.polls.map(({ value }) => value).slice(0, 2)).toEqual(["init", "v1"]);
});

it("reads the first version of a burst at once, and then only the latest", async () => {
  const metadata = service();
  const { versions, atMs, read, until } = notes();
  follow(metadata, read);
  await until(1);

  for (let version = 2; version <= 20; version += 1) metadata.publish(`v${version}`);
  await until(2);

  expect(versions).toEqual(["v1", "v20"]);
  expect(atMs[1]! - atMs[0]!).toBeGreaterThan(450);
});

it("does not count a version as seen before its reading succeeded", async () => {
  const metadata = service();
  const versions: string[] = [];
  const done = Promise.withResolvers<void>();
  const { failures } = follow(metadata, async (version) => {
    versions.push(version);
    if (versions.length === 1) throw new AgentError("METADATA_NOT_FOUND", "no such service");
    done.resolve();
    return { version, readAgainAtMs: undefined };
  });

  await done.promise;

  expect(versions).toEqual(["v1", "v1"]);
  expect(failures).toMatchObject([{ code: "METADATA_NOT_FOUND" }]);
});

it("continues after failed polls", async () => {
  const metadata = service();
  metadata.failWith(new AgentError("METADATA_UNREACHABLE", "refused"));
  const { versions, read, until } = notes();
  const { failures } = follow(metadata, read);
  while (failures.length === 0) await new Promise((resolve) => setImmediate(resolve));

  metadata.failWith(undefined);
  await until(1);

  expect(versions).toEqual(["v1"]);
});

it("reads again when a reading is due without a change, and ends the poll by then", async () => {
  const metadata = service();
  const { versions, until, read } = notes();
  follow(metadata, async (version) => ({
    ...(await read(version)),
    readAgainAtMs: performance.now() + 1_900,
  }));
  await until(1);
  while (metadata.polls.length < 2) await new Promise((resolve) => setImmediate(resolve));

  expect(metadata.polls[1]?.seconds).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  metadata.publish("v1"); // the server's time-out: the same version comes back
  await until(2);

  expect(versions).toEqual(["v1", "v1"]);
});

it("pauses between polls of a server that never waits", async () => {
  const metadata = service();
  const { until, read } = notes();
  const impatient = {
    ...metadata,
    client: {
      ...metadata.client,
      waitForChange: async (value: string, seconds: number) => {
        metadata.polls.push({ value, seconds });
        return "v1";
      },
    },
  };
  follow(impatient, read);
  await until(1);
  await new Promise((resolve) => setTimeout(resolve, 1_500));

  expect(metadata.polls.length).toBeLessThan(5);
});

it("ends at once when the signal aborts, in a poll and in a backoff", async () => {
  const calm = follow(service(), notes().read);
  const broken = service();
  broken.failWith(new AgentError("METADATA_UNREACHABLE", "refused"));
  const failing = follow(broken, notes().read);
  while (failing.failures.length === 0) await new Promise((resolve) => setImmediate(resolve));

  failing.stop.abort();
  await expect(failing.done).resolves.toBeUndefined();
  calm.stop.abort();
});
