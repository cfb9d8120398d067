import { describe, expect, it } from "vitest";
import {
  chooseOwnService,
  configuredNames,
  isOfEnvironment,
  listsContainer,
  orderCandidates,
} from "../../src/metadata/own-service.ts";
import type { Service } from "../../src/metadata/snapshot.ts";

function service(stackName: string, ...environments: string[]): Service {
  const containers = environments.map((environmentUuid, index) => ({
    uuid: `c${index}`,
    name: "",
    externalId: `${stackName}-${index}`,
    state: "running",
    hostUuid: "h",
    primaryIp: "",
    environmentUuid,
    createIndex: index,
  }));
  return { stackName, name: "keepalived", metadata: {}, containers };
}

describe("names from settings", () => {
  it.each([
    {
      locator: { stackName: "LB", serviceName: "KeepAlived" },
      want: { stackName: "lb", name: "keepalived" },
    },
    { locator: { stackName: "lb" }, want: undefined },
    { locator: { stackName: "lb", serviceName: "" }, want: undefined },
    { locator: { serviceName: "keepalived" }, want: undefined },
  ])("$locator give $want", ({ locator, want }) => expect(configuredNames(locator)).toEqual(want));
});

describe("candidates", () => {
  const list = [
    { stackName: "web", name: "app", stack: "0" },
    { stackName: "vrrp", name: "agent", stack: "1" },
    { stackName: "web", name: "my-vip", stack: "0" },
    { stackName: "lb", name: "keepalived", stack: "2" },
  ];
  const order = (locator: object) =>
    orderCandidates(list, locator).map(({ stackName, name }) => `${stackName}/${name}`);

  it("come with the likeliest names first", () => {
    expect(order({})).toEqual(["lb/keepalived", "web/my-vip", "vrrp/agent", "web/app"]);
  });

  it.each([
    { locator: { stackName: "WEB" }, want: ["web/my-vip", "web/app"] },
    { locator: { serviceName: "Agent" }, want: ["vrrp/agent"] },
    { locator: { stackName: "gone" }, want: [] },
  ])("match $locator", ({ locator, want }) => expect(order(locator)).toEqual(want));

  it("do not depend on the order of the server", () => {
    expect(orderCandidates(list.toReversed(), {})).toEqual(orderCandidates(list, {}));
  });
});

describe("services of one name in linked environments", () => {
  const ours = service("ours", "linked", "env");
  const theirs = service("theirs", "linked");
  const empty = service("empty");

  it.each([
    { why: "the one with a container of ours", services: [theirs, empty, ours], want: ours },
    { why: "else the one that has none yet", services: [theirs, empty], want: empty },
    { why: "never one of theirs", services: [theirs], want: undefined },
  ])("$why", ({ services, want }) => expect(chooseOwnService(services, "env")).toBe(want));

  it("cannot be distinguished on a server without the field", () => {
    expect(isOfEnvironment({ environmentUuid: "" }, "env")).toBe(true);
    expect(isOfEnvironment({ environmentUuid: "env" }, "")).toBe(true);
    expect(isOfEnvironment({ environmentUuid: "linked" }, "env")).toBe(false);
  });
});

it("a container belongs to the service that lists its Docker id", () => {
  expect(listsContainer(service("lb", "env"), "lb-0")).toBe(true);
  expect(listsContainer(service("lb", "env"), "lb-1")).toBe(false);
});
