import { expect, it } from "vitest";
import { API_VERSIONS, documentInVersion } from "../../src/metadata-server/api-version.ts";

const container = {
  uuid: "c1",
  name: "Lb-Web-1",
  service_name: "Web",
  stack_name: "Lb",
  host_uuid: "h1",
  labels: { "io.rancher.stack.name": "Lb" },
  ports: ["8000:80/tcp", "0.0.0.0:81:81/udp", "192.0.2.7:82:82/tcp"],
};
const service = {
  name: "Web",
  stack_name: "Lb",
  primary_service_name: "Web",
  sidekicks: ["Log"],
  links: { "Lb/Db": "Database" },
  metadata: { Key: "Value" },
  containers: [container],
};
const stack = { name: "Lb", services: [service] };
const host = { uuid: "h1", name: "Node-1", agent_ip: "198.51.100.11", hostId: 7 };
const document = {
  name: "Prod",
  environments: null,
  hosts: [host],
  containers: [container],
  services: [service],
  stacks: [stack],
  self: { host, container, service, stack },
};
const [v1, v2, v3] = API_VERSIONS.map((version) => documentInVersion(document, version, (items) => items));

const oldContainer = {
  ...container,
  ports: ["198.51.100.11:8000:80/tcp", "198.51.100.11:81:81/udp", "192.0.2.7:82:82/tcp"],
};

it("refers to containers and services by name in 2015-07-25", () => {
  const oldService = { ...service, containers: ["Lb-Web-1"] };
  const oldStack = { ...stack, services: ["Web"] };

  expect(v1).toEqual({
    name: "Prod",
    hosts: [host],
    containers: [oldContainer],
    services: [oldService],
    stacks: [oldStack],
    self: { host, container: oldContainer, service: oldService, stack: oldStack },
  });
});

it("embeds containers and services as written since 2015-12-19", () => {
  const oldService = { ...service, containers: [oldContainer] };
  const oldStack = { ...stack, services: [oldService] };

  expect(v2).toEqual({
    name: "Prod",
    hosts: [host],
    containers: [oldContainer],
    services: [oldService],
    stacks: [oldStack],
    self: { host, container: oldContainer, service: oldService, stack: oldStack },
  });
});

it("lower-cases names (not hosts, labels or metadata) and drops hostId in 2016-07-29", () => {
  const newHost = { uuid: "h1", name: "Node-1", agent_ip: "198.51.100.11" };
  const newContainer = {
    ...container,
    name: "lb-web-1",
    service_name: "web",
    stack_name: "lb",
    ports: ["0.0.0.0:8000:80/tcp", "0.0.0.0:81:81/udp", "192.0.2.7:82:82/tcp"],
  };
  const newService = {
    ...service,
    name: "web",
    stack_name: "lb",
    primary_service_name: "web",
    sidekicks: ["log"],
    links: { "lb/db": "Database" },
    containers: [newContainer],
  };
  const newStack = { name: "lb", services: [newService] };

  expect(v3).toEqual({
    name: "prod",
    environments: null,
    hosts: [newHost],
    containers: [newContainer],
    services: [newService],
    stacks: [newStack],
    self: { host: newHost, container: newContainer, service: newService, stack: newStack },
  });
});

it.each([
  { version: "2015-07-25", links: null, ports: [] },
  { version: "2015-12-19", links: null, ports: [] },
  { version: "2016-07-29", links: {}, ports: null },
] as const)("writes no links as $links and no ports as $ports in $version", ({ version, links, ports }) => {
  for (const empty of [
    { links: {}, ports: [] },
    { links: null, ports: null },
  ]) {
    const written = { services: [{ links: empty.links }], containers: [{ ports: empty.ports, links: null }] };

    const served = documentInVersion(written, version, (items) => items);

    expect(served).toEqual({ services: [{ links }], containers: [{ ports, links: null }] });
  }
});

it.each([
  { version: "2015-12-19", sidekicks: [] },
  { version: "2016-07-29", sidekicks: null },
] as const)("writes no sidekicks as $sidekicks in $version", ({ version, sidekicks }) => {
  const served = documentInVersion({ services: [{ sidekicks: [] }] }, version, (items) => items);

  expect(served).toEqual({ services: [{ sidekicks }] });
});

it.each(API_VERSIONS)("serves invalid values unchanged in %s, because tests serve them too", (version) => {
  const wrong = {
    hosts: "none",
    containers: [7, null, { name: 8, ports: [9, null], host_uuid: "h" }],
    services: [{ sidekicks: 3, containers: 4 }, [{ name: "A" }]],
    stacks: { name: "A" },
    self: null,
  };

  expect(documentInVersion(wrong, version, (items) => items)).toEqual(wrong);
});

it("leaves a value that is not a port unchanged in 2015", () => {
  const written = {
    hosts: [{ uuid: "h", agent_ip: "198.51.100.1" }],
    containers: [{ host_uuid: "h", ports: [9] }],
  };

  expect(documentInVersion(written, "2015-12-19", (items) => items)).toEqual(written);
});

it("leaves ports unchanged in 2015 if the host is unknown", () => {
  const written = { containers: [{ host_uuid: "gone", ports: ["8000:80/tcp"] }] };

  expect(documentInVersion(written, "2015-12-19", (items) => items)).toEqual(written);
});

it("lists null for a container without a name in 2015-07-25", () => {
  const written = { services: [{ containers: [{ uuid: "c1" }, "already-a-name"] }] };

  expect(documentInVersion(written, "2015-07-25", (items) => items)).toEqual({
    services: [{ containers: [null, "already-a-name"] }],
  });
});
