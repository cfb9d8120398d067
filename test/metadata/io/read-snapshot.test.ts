import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AgentError } from "../../../src/errors.ts";
import { readSnapshot, type SnapshotRequest } from "../../../src/metadata/io/read-snapshot.ts";
import type { ServiceLocator } from "../../../src/metadata/own-service.ts";
import { metadataTree } from "./metadata-tree.ts";

const hosts = fixture("hostnet-hosts");
const [node1, node2, node3] = hosts;
const keepalived = fixture("hostnet-stacks_lb_services_keepalived");
const ourId = keepalived.containers[0].external_id;
const environment = node1.environment_uuid;
const local = { hostName: "node-1", addresses: ["10.99.0.11", "172.17.0.1"] };
const named: ServiceLocator = { stackName: "LB", serviceName: "keepalived" };

function fixture(name: string) {
  return JSON.parse(readFileSync(new URL(`../../fixtures/metadata/${name}.json`, import.meta.url), "utf8"));
}

/** The document of the real server, as far as it is read. */
function rancher(changes: object = {}) {
  const web = { uuid: "s-web", name: "web", containers: null, metadata: {} };
  return {
    version: "v1",
    self: { host: node1 },
    hosts,
    stacks: [
      { uuid: "st-web", name: "web", services: [web] },
      { uuid: "st-lb", name: "lb", services: [keepalived] },
    ],
    ...changes,
  };
}

function request(changes: Partial<SnapshotRequest> = {}): SnapshotRequest {
  return { version: "v1", readIdentity: async () => local, service: named, ...changes };
}

async function read(document: object, changes: Partial<SnapshotRequest> = {}) {
  const tree = metadataTree(() => document);
  const reading = await readSnapshot(tree.get, request(changes));
  return { reading, asked: tree.asked };
}

describe("the document of a real server", () => {
  it("becomes a snapshot", async () => {
    const { reading } = await read(rancher());

    expect(reading).toMatchObject({
      version: "v1",
      foundBy: "address",
      self: { uuid: node1.uuid, name: "Node-1" },
    });
    expect(reading).not.toHaveProperty("wrongSelfHost");
    expect(reading.hosts.map(({ uuid }) => uuid)).toEqual([node1.uuid, node2.uuid, node3.uuid].sort());
    expect(reading.service).toMatchObject({ stackName: "lb", name: "keepalived" });
    expect(reading.service.containers).toHaveLength(3);
  });

  it("is read by narrow paths, and never by self/container", async () => {
    const { asked } = await read(rancher());

    expect(asked).toEqual(["self/host", "hosts", "stacks/lb/services/keepalived", "version"]);
  });

  it("is read by paths of the service alone once this host is verified", async () => {
    const { reading, asked } = await read(rancher(), { verifiedHostUuid: node1.uuid });

    expect(asked.toSorted()).toEqual(
      [
        "self/host",
        "stacks/lb/services/keepalived",
        `hosts/${node2.uuid}`,
        `hosts/${node3.uuid}`,
        "version",
      ].sort(),
    );
    expect(reading.foundBy).toBe("known");
    expect({ ...reading, foundBy: "address" }).toEqual((await read(rancher())).reading);
  });

  it("gives the same snapshot in any order", async () => {
    const { reading } = await read(rancher());
    const order = (length: number) => fc.shuffledSubarray([...Array(length).keys()], { minLength: length });

    await fc.assert(
      fc.asyncProperty(
        order(3),
        order(3),
        order(2),
        fc.boolean(),
        async (byHost, byContainer, byStack, isVerified) => {
          const document = rancher();
          const containers = byContainer.map((index) => keepalived.containers[index]);
          const stacks = [document.stacks[0]!, { name: "lb", services: [{ ...keepalived, containers }] }];
          const shuffled = {
            ...document,
            hosts: byHost.map((index) => hosts[index]),
            stacks: byStack.map((i) => stacks[i]),
          };
          const other = await read(shuffled, isVerified ? { verifiedHostUuid: node1.uuid } : {});
          expect({ ...other.reading, foundBy: "address" }).toEqual(reading);
        },
      ),
    );
  });
});

describe("this host", () => {
  it("is found where self/host is missing", async () => {
    const { reading } = await read(rancher({ self: {} }));

    expect(reading).toMatchObject({ self: { uuid: node1.uuid }, foundBy: "address" });
  });

  it("is verified again where self/host names another host, and that host is reported", async () => {
    const { reading } = await read(rancher({ self: { host: node2 } }), { verifiedHostUuid: node1.uuid });

    expect(reading).toMatchObject({ self: { uuid: node1.uuid }, wrongSelfHost: { uuid: node2.uuid } });
  });

  it("is the one of HOST_UUID, without a request for all hosts where self/host agrees", async () => {
    const { reading, asked } = await read(rancher(), {
      readIdentity: async () => ({ ...local, hostUuid: node1.uuid }),
    });

    expect(reading.foundBy).toBe("uuid");
    expect(asked).not.toContain("hosts");
  });

  it("is the one of HOST_UUID although another one was verified before", async () => {
    const changes = { readIdentity: async () => ({ ...local, hostUuid: node3.uuid }) };
    const { reading } = await read(rancher(), changes);

    expect(reading).toMatchObject({ self: { uuid: node3.uuid }, foundBy: "uuid" });
  });

  it.each([
    {
      why: "nothing fits",
      identity: { hostName: "x", addresses: [] },
      document: rancher(),
      code: "HOST_UNKNOWN",
    },
    {
      why: "no data are loaded yet",
      identity: local,
      document: { version: "v1" },
      code: "METADATA_NOT_FOUND",
    },
    {
      why: "self/host is garbage",
      identity: local,
      document: rancher({ self: { host: 7 } }),
      code: "METADATA_MALFORMED",
    },
  ])("is not guessed where $why: $code", async ({ identity, document, code }) => {
    await expect(read(document, { readIdentity: async () => identity })).rejects.toMatchObject({ code });
  });
});

describe("the hosts of the service", () => {
  const verified = { verifiedHostUuid: node1.uuid };

  it("leave out one that is gone, once the list of all hosts says so too", async () => {
    const { reading, asked } = await read(rancher({ hosts: [node3, node1] }), verified);

    expect(reading.hosts.map(({ name }) => name)).toEqual(["Node-3", "Node-1"]);
    expect(asked).toContain("hosts");
    expect(reading.service.containers).toHaveLength(3);
  });

  it("keep one whose own path alone answered 404", async () => {
    const tree = metadataTree((path) => (path === `hosts/${node2.uuid}` ? {} : rancher()));
    const reading = await readSnapshot(tree.get, request(verified));

    expect(reading.hosts).toHaveLength(3);
  });

  it("are right where one host has another's uuid as its name", async () => {
    const impostor = { ...node3, uuid: "impostor", name: node2.uuid };
    const { reading } = await read(rancher({ hosts: [...hosts, impostor] }), verified);

    expect(reading.hosts.map(({ name }) => name)).toEqual(["Node-3", "Node-1", "Node-2"]);
  });

  it.each([
    { count: 16, isListed: false },
    { count: 17, isListed: true },
  ])("are read as one list where there are many: $count", async ({ count, isListed }) => {
    const many = Array.from({ length: count }, (_, index) => ({
      ...node2,
      uuid: `h${index}`,
      name: `n${index}`,
    }));
    const containers = many.map(({ uuid }, index) => ({ uuid: `c${index}`, host_uuid: uuid }));
    const self = { host: many[0] };
    const stacks = [{ name: "lb", services: [{ ...keepalived, containers }] }];
    const { reading, asked } = await read(rancher({ self, hosts: many, stacks }), { verifiedHostUuid: "h0" });

    expect(asked.includes("hosts")).toBe(isListed);
    expect(reading.hosts).toHaveLength(count);
  });

  it("are of this host's environment only", async () => {
    const foreign = { ...node2, uuid: "foreign", environment_uuid: "linked" };
    const containers = [
      ...keepalived.containers,
      { uuid: "c-foreign", host_uuid: "foreign", environment_uuid: "linked" },
    ];
    const stacks = [{ name: "lb", services: [{ ...keepalived, containers }] }];
    const { reading } = await read(rancher({ hosts: [foreign, ...hosts], stacks }));

    expect(reading.hosts.map(({ uuid }) => uuid)).not.toContain("foreign");
    expect(reading.service.containers.map(({ uuid }) => uuid)).not.toContain("c-foreign");
    expect(reading.service.containers).toHaveLength(3);
  });
});

describe("the service by its names", () => {
  const theirs = {
    uuid: "s-theirs",
    name: "keepalived",
    metadata: { vrid: 66 },
    containers: [{ uuid: "c-theirs", host_uuid: "foreign", environment_uuid: "linked" }],
  };
  const linked = { uuid: "st-linked", name: "lb", services: [theirs] };
  const other = { uuid: "st-other", name: "lb", services: [] };
  const own = { uuid: "st-lb", name: "lb", services: [{ ...keepalived, metadata: { vrid: 51 } }] };
  const empty = {
    uuid: "st-lb",
    name: "lb",
    services: [{ ...keepalived, metadata: { vrid: 51 }, containers: null }],
  };

  it.each([
    { why: "a linked environment's stack answers to the name", stacks: [linked, own] },
    { why: "a stack of the name is without the service", stacks: [other, own] },
    { why: "it lists no container yet", stacks: [linked, empty] },
    { why: "it is alone and lists no container yet", stacks: [empty] },
  ])("is the agent's where $why", async ({ stacks }) => {
    const { reading } = await read(rancher({ stacks }));

    expect(reading.service).toMatchObject({ stackName: "lb", name: "keepalived", metadata: { vrid: 51 } });
  });

  it.each([
    { why: "there is only a linked environment's", stacks: [linked], code: "SERVICE_UNKNOWN" },
    { why: "there is none", stacks: [other], code: "METADATA_NOT_FOUND" },
    { why: "there are no stacks", stacks: null, code: "METADATA_NOT_FOUND" },
  ])("fails where $why: $code", async ({ stacks, code }) => {
    await expect(read(rancher({ stacks }))).rejects.toMatchObject({ code });
  });

  it("may have names that need encoding", async () => {
    const stacks = [{ name: "a/b", services: [{ ...keepalived, name: "v+ p" }] }];
    const { reading } = await read(rancher({ stacks }), {
      service: { stackName: "A/b", serviceName: "V+ p" },
    });

    expect(reading.service).toMatchObject({ stackName: "a/b", name: "v+ p" });
  });
});

describe("the service by the container's Docker id", () => {
  it.each<{ why: string; service: ServiceLocator }>([
    { why: "no names", service: { dockerId: ourId } },
    { why: "the stack's name alone", service: { dockerId: ourId, stackName: "lb" } },
    { why: "empty names", service: { dockerId: ourId, stackName: "", serviceName: "" } },
    {
      why: "a service remembered that is gone",
      service: { dockerId: ourId, remembered: { stackName: "x", name: "y" } },
    },
    {
      why: "a service remembered that is another",
      service: { dockerId: ourId, remembered: { stackName: "web", name: "web" } },
    },
  ])("is found with $why", async ({ service }) => {
    const { reading } = await read(rancher(), { service });

    expect(reading.service).toMatchObject({ stackName: "lb", name: "keepalived" });
  });

  it("reads likely services first, and never all containers", async () => {
    const { asked } = await read(rancher(), { service: { dockerId: ourId } });

    expect(asked.slice(2, -1)).toEqual([
      "stacks",
      "stacks/0/services",
      "stacks/1/services",
      "stacks/1/services/keepalived",
    ]);
  });

  it("tells which host this is, although self/host is another's and all hosts have one name and address", async () => {
    const alike = hosts.map((host: object) => ({ ...host, hostname: "docker", agent_ip: "172.17.0.1" }));
    const document = rancher({ self: { host: alike[1] }, hosts: alike });
    const readIdentity = async () => ({ hostName: "docker", addresses: ["192.0.2.11"] });
    const own = keepalived.containers[0].host_uuid;
    for (const service of [{ dockerId: ourId }, { ...named, dockerId: ourId }]) {
      const { reading, asked } = await read(document, { readIdentity, service });
      expect(reading).toMatchObject({ self: { uuid: own }, foundBy: "container" });
      expect(asked.filter((path) => path === "stacks/lb/services/keepalived").length).toBeLessThan(2);
    }
    const unlisted = { ...named, dockerId: "f".repeat(64) };
    await expect(read(document, { readIdentity, service: unlisted })).rejects.toMatchObject({
      code: "HOST_AMBIGUOUS",
    });
  });

  it("takes one request while the remembered service lists the container", async () => {
    const service = { dockerId: ourId, remembered: { stackName: "lb", name: "keepalived" } };
    const { asked } = await read(rancher(), { service });

    expect(asked.slice(2, -1)).toEqual(["stacks/lb/services/keepalived"]);
  });

  it.each<{ why: string; service: ServiceLocator }>([
    { why: "no service lists the container", service: { dockerId: "f".repeat(64) } },
    { why: "the name that is set is another's", service: { dockerId: ourId, serviceName: "web" } },
    { why: "the Docker id is not known", service: { stackName: "lb" } },
  ])("fails where $why: SERVICE_UNKNOWN", async ({ service }) => {
    await expect(read(rancher(), { service })).rejects.toMatchObject({ code: "SERVICE_UNKNOWN" });
  });
});

describe("a version that changes during the reading", () => {
  /** Version n is served for the first `requests` requests, then n + 1, and so on. */
  function changing(requests: number, last: number) {
    let count = 0;
    return metadataTree(() => {
      const version = Math.min(last, 1 + Math.floor(count / requests));
      count += 1;
      return rancher({ version: `v${version}`, self: { host: { ...node1, labels: { at: `v${version}` } } } });
    });
  }

  it("starts the reading again, so that all of it is of one version", async () => {
    const reading = await readSnapshot(changing(2, 3).get, request({ verifiedHostUuid: node1.uuid }));

    expect(reading).toMatchObject({ version: "v3", self: { labels: { at: "v3" } } });
  });

  it("ends the reading after three restarts", async () => {
    const tree = changing(1, Number.POSITIVE_INFINITY);

    await expect(readSnapshot(tree.get, request())).rejects.toMatchObject({ code: "METADATA_UNSTABLE" });
    expect(tree.asked.filter((path) => path === "version")).toHaveLength(4);
  });

  it("is noticed where the announced version is already old", async () => {
    const { reading, asked } = await read(rancher({ version: "v9" }));

    expect(reading.version).toBe("v9");
    expect(asked.filter((path) => path === "version")).toHaveLength(2);
  });
});

it("garbage at any path is an AgentError", async () => {
  const garbage = fc.oneof(
    fc.jsonValue(),
    fc.constant(undefined),
    fc.array(fc.record({ name: fc.string(), uuid: fc.string() })),
  );
  const locators = fc.constantFrom<ServiceLocator>(named, { dockerId: ourId }, {});
  await fc.assert(
    fc.asyncProperty(
      garbage,
      fc.constantFrom("self", "hosts", "stacks", "version"),
      locators,
      async (value, key, service) => {
        const outcome = await read(rancher({ [key]: value }), { service }).catch((error: unknown) => error);
        expect(outcome instanceof AgentError || Object.hasOwn(outcome as object, "reading")).toBe(true);
      },
    ),
  );
  await expect(
    read(rancher({ hosts: [{ uuid: "a", environment_uuid: environment, agent_ip: 1 }] })),
  ).rejects.toThrow(AgentError);
});
