import { setImmediate as turn } from "node:timers/promises";
import { pino } from "pino";
import { expect, it } from "vitest";
import { createHostLookup } from "../../../src/metadata/io/host-lookup.ts";
import type { Host } from "../../../src/metadata/snapshot.ts";

const log = pino({ level: "silent" });
const SELF = host("a", "198.51.100.11");

function host(uuid: string, agentIp: string, change: Partial<Host> = {}): Host {
  const names = { name: uuid, hostname: uuid };
  return { uuid, ...names, agentIp, environmentUuid: "env", labels: {}, agentState: "active", ...change };
}

/** Metadata with these hosts, as the server words them. */
function metadataOf(...hosts: Host[]) {
  const asked: string[] = [];
  const state = { version: "v1", hosts };
  const get = async (path: string) => {
    asked.push(path);
    return state.hosts.map(({ agentIp, environmentUuid, agentState, ...rest }) => ({
      ...rest,
      agent_ip: agentIp,
      environment_uuid: environmentUuid,
      agent_state: agentState,
    }));
  };
  const lookup = createHostLookup({ get, self: () => SELF, version: () => state.version, log });
  return { asked, state, lookup };
}

it("knows the other hosts of the environment once it has read them", async () => {
  const inactive = host("b", "198.51.100.12", { agentState: "disconnected" });
  const labelled = host("c", "172.17.0.1", { labels: { "keepalived.address": "198.51.100.13" } });
  const foreign = host("d", "198.51.100.14", { environmentUuid: "other" });
  const { lookup, asked } = metadataOf(SELF, inactive, labelled, foreign);

  expect(lookup.isHost("198.51.100.12")).toBeUndefined();
  await turn();

  for (const address of ["198.51.100.12", "198.51.100.13"]) expect(lookup.isHost(address)).toBe(true);
  for (const address of ["198.51.100.14", "192.0.2.200"]) expect(lookup.isHost(address)).toBe(false);
  expect(lookup.memberAt("198.51.100.12")?.hostUuid).toBe("b");
  expect(asked).toEqual(["hosts"]);
});

it("cannot tell who is heard from an address that metadata lists for this host", async () => {
  const { lookup } = metadataOf(SELF);
  lookup.isHost("192.0.2.200");
  await turn();

  expect(lookup.isHost("192.0.2.200")).toBe(false);
  expect(lookup.isHost("198.51.100.11")).toBeUndefined();
  expect(lookup.memberAt("198.51.100.11")).toBeUndefined();
});

it("asks once a version for any number of made-up senders, and three times in a row at most", async () => {
  const { lookup, asked, state } = metadataOf(SELF);
  for (let version = 1; version <= 5; version += 1) {
    state.version = `v${version}`;
    // not known: the new version may list it
    for (let number = 0; number < 100; number += 1)
      expect(lookup.isHost(`192.0.2.${number}`)).toBeUndefined();
    await turn();
    const isRead = version <= 3;
    expect(lookup.isHost("192.0.2.1")).toBe(isRead ? false : undefined);
    expect(asked).toHaveLength(Math.min(version, 3));
  }
});

it("knows nothing of any address without metadata", () => {
  const options = { self: () => SELF, version: () => undefined, log };

  expect(createHostLookup({ ...options, get: undefined }).isHost("198.51.100.12")).toBeUndefined();
});
