import fc from "fast-check";
import { expect, it } from "vitest";
import { completeDocument } from "../../src/metadata-server/complete-document.ts";
import { parseEnvironment } from "../../src/metadata-server/environment.ts";

const base = { hosts: [{ uuid: "h1" }], self: { host: "h1" } };

/** Lists at any depth, sorted: their order means nothing. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => JSON.stringify(inOrder(item))).sort();
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, inOrder(inner)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

const complete = (written: object) => completeDocument(parseEnvironment({ ...base, ...written }));

it("puts a container of the top list under its service and stack, and creates both if the file lacks them", () => {
  const document = complete({
    containers: [{ uuid: "c1", stack_name: "Lb", service_name: "Web", stack_uuid: "s1", service_uuid: "v1" }],
  });

  const place = { stack_name: "Lb", stack_uuid: "s1" };
  const container = { uuid: "c1", service_name: "Web", service_uuid: "v1", ...place };
  const service = { name: "Web", uuid: "v1", ...place, containers: [container] };
  expect(document).toEqual({
    environments: null,
    networks: [],
    hosts: [{ uuid: "h1" }],
    containers: [container],
    services: [service],
    stacks: [{ name: "Lb", uuid: "s1", services: [service] }],
  });
});

it("gives a container inside a service the names and uuids of its service and stack", () => {
  const document = complete({
    stacks: [
      { name: "Lb", uuid: "s1", services: [{ name: "Web", uuid: "v1", containers: [{ uuid: "c1", x: 1 }] }] },
    ],
  });

  expect(document.containers).toEqual([
    { uuid: "c1", x: 1, service_name: "Web", service_uuid: "v1", stack_name: "Lb", stack_uuid: "s1" },
  ]);
});

it("keeps apart a sidekick and its primary, which share a uuid", () => {
  const document = complete({
    services: [
      { name: "web", stack_name: "lb", uuid: "v1", containers: [{ uuid: "c1" }] },
      { name: "log", stack_name: "lb", uuid: "v1", containers: [{ uuid: "c2" }] },
    ],
  });

  expect(document.services).toMatchObject([
    { name: "web", containers: [{ uuid: "c1", service_name: "web" }] },
    { name: "log", containers: [{ uuid: "c2", service_name: "log" }] },
  ]);
});

it("merges an object that is written in several places, and the outermost list wins", () => {
  const document = complete({
    containers: [{ uuid: "c1", state: "stopped", stack_name: "lb", service_name: "web" }],
    services: [
      { name: "Web", stack_name: "LB", scale: 2, containers: [{ uuid: "c1", state: "running", y: 1 }] },
    ],
    stacks: [{ name: "lb", system: true, services: [{ name: "web", scale: 1, kind: "service" }] }],
  });

  expect(document.containers).toMatchObject([{ uuid: "c1", state: "stopped", y: 1 }]);
  expect(document.services).toMatchObject([{ scale: 2, kind: "service", containers: [{ uuid: "c1" }] }]);
  expect(document.stacks).toMatchObject([{ name: "lb", system: true, services: [{ scale: 2 }] }]);
});

it("writes null for a service without containers and a stack without services", () => {
  const document = complete({ stacks: [{ name: "a", services: [{ name: "b" }] }, { name: "c" }] });

  expect(document.stacks).toMatchObject([{ services: [{ containers: null }] }, { services: null }]);
});

it("keeps the author's networks, environments and additional fields", () => {
  expect(complete({ networks: [{ name: "n" }], environments: [], name: "prod" })).toMatchObject({
    networks: [{ name: "n" }],
    environments: [],
    name: "prod",
  });
});

it("makes the same document from containers at the top, from containers inside services, and from its own result", () => {
  const place = fc.record({ stack: fc.constantFrom("a", "b"), service: fc.constantFrom("x", "y") });
  const written = fc.uniqueArray(fc.record({ uuid: fc.uuid(), place }), { selector: ({ uuid }) => uuid });
  fc.assert(
    fc.property(written, (containers) => {
      const flat = complete({
        containers: containers.map(({ uuid, place }) => ({
          uuid,
          stack_name: place.stack,
          service_name: place.service,
        })),
      });
      const inside = complete({
        services: containers.map(({ uuid, place }) => ({
          name: place.service,
          stack_name: place.stack,
          containers: [{ uuid }],
        })),
      });

      expect(inOrder(inside)).toEqual(inOrder(flat));
      expect(inOrder(complete(flat))).toEqual(inOrder(flat));
    }),
  );
});
