import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeService } from "../../src/health/service-outcome.ts";

const HERE = "host-1";
const serviceOf = (containers: unknown) => ({ uuid: "service-1", containers });
const containerOf = (state: unknown, health_state?: unknown, host_uuid: unknown = HERE) => ({
  uuid: "container-1",
  name: "web-haproxy-1",
  host_uuid,
  state,
  health_state,
});

describe("a service with one container on this host", () => {
  it.each([
    { state: "running", health: null, want: "healthy" },
    { state: "running", health: undefined, want: "healthy" },
    { state: "running", health: "", want: "healthy" },
    { state: "running", health: "healthy", want: "healthy" },
    { state: "running", health: "updating-healthy", want: "healthy" },
    { state: "updating-running", health: "healthy", want: "healthy" },
    { state: "running", health: "unhealthy", want: "unhealthy" },
    { state: "running", health: "updating-unhealthy", want: "unhealthy" },
    { state: "running", health: "initializing", want: "unhealthy" },
    { state: "running", health: "reinitializing", want: "unhealthy" },
    { state: "running", health: "updating-reinitializing", want: "unhealthy" },
    { state: "running", health: "something-new", want: "unknown" },
    { state: "starting", health: null, want: "unknown" },
    { state: "starting", health: "healthy", want: "unknown" },
    { state: "starting", health: "initializing", want: "unhealthy" },
    { state: "restarting", health: "healthy", want: "unhealthy" },
    { state: "stopping", health: "healthy", want: "unhealthy" },
    { state: "stopped", health: "healthy", want: "unhealthy" },
    { state: null, health: null, want: "unhealthy" },
  ])("that is $state and $health is $want", ({ state, health, want }) => {
    expect(judgeService(serviceOf([containerOf(state, health)]), HERE).sample).toBe(want);
  });
});

it("counts containers of this host only", () => {
  const service = serviceOf([
    containerOf("running", "healthy", "host-2"),
    containerOf("running", null, null),
  ]);

  expect(judgeService(service, HERE)).toEqual({ sample: "unhealthy", reason: "no container on this host" });
  expect(judgeService(service, "host-2").sample).toBe("healthy");
});

it("is content with one container of several, as in the middle of an upgrade", () => {
  const service = serviceOf([containerOf("stopped"), containerOf("running", "healthy")]);

  expect(judgeService(service, HERE)).toEqual({
    sample: "healthy",
    reason: "1 of 2 containers on this host are well",
  });
});

it("knows nothing while the best container is starting", () => {
  const containers = [containerOf("stopped"), containerOf("starting")];

  expect(judgeService(serviceOf(containers), HERE)).toEqual({
    sample: "unknown",
    reason: "web-haproxy-1 starting; web-haproxy-1 stopped",
  });
  expect(judgeService(serviceOf([...containers, containerOf("running")]), HERE).sample).toBe("healthy");
});

it("lists the states of the containers that do not serve, in an order that does not depend on the server", () => {
  const containers = [containerOf("stopped"), containerOf("running", "unhealthy")];
  const want = "web-haproxy-1 running, unhealthy; web-haproxy-1 stopped";

  expect(judgeService(serviceOf(containers), HERE).reason).toBe(want);
  expect(judgeService(serviceOf(containers.toReversed()), HERE).reason).toBe(want);
});

it.each([{ none: undefined }, { none: null }, { none: [] }, { none: {} }])(
  "takes containers of $none for none",
  ({ none }) => {
    expect(judgeService(serviceOf(none), HERE).sample).toBe("unhealthy");
  },
);

it.each([
  { what: "nothing", document: undefined },
  { what: "text", document: "Not found" },
  { what: "a list", document: [] },
  { what: "another object", document: { containers: [] } },
  { what: "containers that are text", document: serviceOf("0=web-haproxy-1") },
  { what: "containers in an object", document: serviceOf({ 0: containerOf("running") }) },
  { what: "a container that is none", document: serviceOf([containerOf("running"), "x"]) },
  { what: "a state that is a number", document: serviceOf([containerOf(3)]) },
])("knows nothing from $what", ({ document }) => {
  expect(judgeService(document, HERE)).toEqual({
    sample: "unknown",
    reason: expect.stringMatching(/^metadata is not as Rancher writes it at \S/),
  });
});

it("reads what Rancher wrote in the middle of an upgrade", () => {
  const file = new URL("../fixtures/metadata/upgrade-service_containers.json", import.meta.url);
  const containers: { host_uuid: string }[] = JSON.parse(readFileSync(file, "utf8"));
  const samples = containers.map(({ host_uuid }) => judgeService(serviceOf(containers), host_uuid).sample);

  expect(samples).toHaveLength(6);
  expect(new Set(samples)).toEqual(new Set(["healthy"]));
});

it("never throws, and is healthy from no document that has no running container", () => {
  fc.assert(
    fc.property(fc.anything(), (anything) => {
      expect(judgeService(anything, HERE).sample).not.toBe("healthy");
      expect(judgeService(serviceOf(anything), HERE).sample).not.toBe("healthy");
    }),
  );
});
