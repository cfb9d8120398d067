import pino from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AgentError } from "../../../src/errors.ts";
import { createHealthProbe } from "../../../src/health/io/probe.ts";
import type { Check } from "../../../src/health/plan.ts";
import type { NatReads } from "../../../src/iptables/table-read.ts";
import type { MetadataStore } from "../../../src/metadata/io/store.ts";
import { standaloneSnapshot } from "../../../src/metadata/snapshot.ts";
import { HOOK, hookedSave, saveOf } from "../../fixtures/nat-saves.ts";

const SIGNAL = new AbortController().signal;
const SERVICE: Check = { kind: "service", service: { stackName: "Web", serviceName: "haproxy" } };
const HERE = standaloneSnapshot("node-1").self.uuid;
const RUNNING = { uuid: "web", containers: [{ state: "running", health_state: "healthy", host_uuid: HERE }] };
const NOT_FOUND = new AgentError("METADATA_NOT_FOUND", "no such service");

beforeEach(() => {
  natOfIpv4 = ABSENT;
});
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const ABSENT: NatReads = { nft: { kind: "absent" }, legacy: { kind: "absent" } };
let natOfIpv4 = ABSENT;

const readerOf = (read: () => NatReads) => ({ read: async () => read(), invalidateLegacy: () => undefined });

/** A service that metadata answers with these, one after the other; the last one for ever. */
function stage(...answers: unknown[]) {
  const asked: string[] = [];
  let version = "v1";
  const metadata = {
    get view() {
      return { origin: "live", snapshot: { ...standaloneSnapshot("node-1"), version }, members: [] };
    },
  } as unknown as MetadataStore;
  const probe = createHealthProbe({
    metadata,
    client: {
      get: async (path) => {
        asked.push(path);
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer instanceof Error) throw answer;
        return answer;
      },
      waitForChange: async () => version,
    },
    natReaders: { ipv4: readerOf(() => natOfIpv4), ipv6: readerOf(() => ABSENT) },
    nftChanges: { isListening: false, changedAtMs: 0 },
    legacyChanges: { isListening: false, changedAtMs: 0 },
    log: pino({ level: "silent" }),
    signal: SIGNAL,
  } as Parameters<typeof createHealthProbe>[0]);
  const publish = (next: string): void => {
    version = next;
  };
  return { probe: (check = SERVICE) => probe(check, 1_000, SIGNAL), asked, publish };
}

it("asks for a service once for each version", async () => {
  const { probe, asked, publish } = stage(RUNNING);

  expect((await probe()).sample).toBe("healthy");
  expect((await probe()).sample).toBe("healthy");
  expect(asked).toEqual(["stacks/web/services/haproxy"]);
  publish("v2");
  await probe();
  expect(asked).toHaveLength(2);
});

it("is unknown while metadata does not answer, and asks again only after 5 s", async () => {
  const { probe, asked } = stage(new Error("refused"), RUNNING);

  expect(await probe()).toMatchObject({ sample: "unknown", reason: "refused" });
  expect((await probe()).sample).toBe("unknown");
  expect(asked).toHaveLength(1);
  vi.advanceTimersByTime(5_000);
  expect((await probe()).sample).toBe("healthy");
});

it("asks again at each version while a container is starting", async () => {
  const starting = { uuid: "web", containers: [{ state: "starting", host_uuid: HERE }] };
  const { probe, asked, publish } = stage(starting, starting, RUNNING);

  expect((await probe()).sample).toBe("unknown");
  publish("v2");
  expect((await probe()).sample).toBe("unknown");
  publish("v3");
  expect((await probe()).sample).toBe("healthy");
  expect(asked).toHaveLength(3);
});

it("is unhealthy for a service that metadata twice does not know", async () => {
  const { probe } = stage(NOT_FOUND);

  expect((await probe()).sample).toBe("unknown");
  vi.advanceTimersByTime(5_000);
  expect(await probe()).toMatchObject({ sample: "unhealthy", reason: "no such service" });
});

it("lets a host own its VIPs again where a rule that nobody can read stands before a port that is published", async () => {
  const { probe } = stage(RUNNING);
  const questions = [{ protocol: "tcp", port: 80, address: "192.0.2.100" }] as const;
  const port = "-A CATTLE_PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.1.2:80";
  const read = (...rules: readonly string[]): void => {
    natOfIpv4 = { ...ABSENT, nft: { kind: "table", text: saveOf(rules) } };
  };
  const unread = "-A PREROUTING -m unheard --of x -j ACCEPT";

  read(unread, HOOK, port);
  expect(await probe({ kind: "ports", questions })).toMatchObject({
    sample: "healthy",
    isNotJudged: true,
    reason: `chain-not-hooked (it depends on ${unread})`,
  });
  read(unread, HOOK);
  expect(await probe({ kind: "ports", questions })).toMatchObject({ sample: "unhealthy" });
  // whether a rule publishes the port cannot be read either
  read(HOOK, "-A CATTLE_PREROUTING -p tcp -m tcp --dport 80 -j DNAT [unsupported revision]");
  expect(await probe({ kind: "ports", questions })).toMatchObject({ sample: "unknown" });
});

it("lets a host that the port check cannot judge for IPv6 own its VIPs, and one that publishes for no address not", async () => {
  const { probe } = stage(RUNNING);
  const questions = [{ protocol: "tcp", port: 80, address: "2001:db8::100" }] as const;
  const publish = (...rules: readonly string[]): void => {
    natOfIpv4 = { ...ABSENT, nft: { kind: "table", text: hookedSave(...rules) } };
  };

  expect(await probe({ kind: "ports", questions })).toMatchObject({
    sample: "healthy",
    isNotJudged: true,
    reason: expect.stringMatching(/^ipv6-not-judged .*CHECK_TCP/),
  });
  publish("-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.1.2:80");
  expect(await probe({ kind: "ports", questions })).toMatchObject({ sample: "healthy", isNotJudged: true });
  publish();
  expect(await probe({ kind: "ports", questions })).toMatchObject({ sample: "unhealthy" });
});
