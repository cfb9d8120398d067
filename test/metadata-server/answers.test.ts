import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type Answers, createAnswers, parseAnswers } from "../../src/metadata-server/answers.ts";
import { findAnswer } from "../../src/metadata-server/lookup.ts";

const fixtures = new URL("../fixtures/metadata/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, fixtures), "utf8");
const draw = { version: "v1", random: () => 0 };

function value(answers: Answers, path: string, client = "none"): unknown {
  const [version = "", ...keys] = path.split("/");
  const answer = findAnswer(answers, version, client, keys);
  return answer === "below-null" ? answer : answer?.value;
}

it("serves what the real server served, if the author wrote that", () => {
  const hosts: { uuid: string }[] = JSON.parse(read("hostnet-hosts.json"));
  const service = JSON.parse(read("hostnet-stacks_lb_services_keepalived.json"));
  const stack = { name: "lb", uuid: service.stack_uuid, services: [service] };
  const file = JSON.stringify({ hosts, stacks: [stack], self: { host: hosts[0]?.uuid } });

  const answers = createAnswers(parseAnswers(file), draw);

  const path = "2016-07-29/stacks/lb/services/keepalived";
  expect(value(answers, path)).toEqual(service);
  expect(value(answers, "2016-07-29/containers")).toEqual(service.containers);
  expect(value(answers, "2016-07-29/self")).toEqual({ host: JSON.parse(read("hostnet-self_host.json")) });
});

it("gives a container's address its container, host, service and stack, and other addresses only the host", () => {
  const answers = createAnswers(parseAnswers(read("environment.yml")), draw);

  expect(value(answers, "latest/self/container/uuid", "10.42.0.2")).toBe("c-web-2");
  expect(value(answers, "latest/self/host/uuid", "10.42.0.2")).toBe("host-2");
  expect(value(answers, "latest/self/service/uuid", "10.42.0.2")).toBe("v-web");
  expect(value(answers, "latest/self/stack/uuid", "10.42.0.2")).toBe("s-shop");
  expect(Object.keys(value(answers, "latest/self", "10.42.0.9") as object)).toEqual(["container", "host"]);
  expect(Object.keys(value(answers, "latest/self", "172.17.0.1") as object)).toEqual(["host"]);
  expect(value(answers, "latest/self/host/uuid", "172.17.0.1")).toBe("host-1");
});

it("serves hostId in the list of hosts in 2015, but never in self", () => {
  const answers = createAnswers(parseAnswers(read("environment.yml")), draw);
  const at = (version: string, path: string) => value(answers, `${version}/${path}`);

  expect(at("2015-12-19", "hosts/host-1/hostId")).toBe(1);
  expect(at("2016-07-29", "hosts/host-1/hostId")).toBeUndefined();
  for (const version of ["2015-07-25", "2015-12-19", "2016-07-29"])
    expect(at(version, "self/host/hostId"), version).toBeUndefined();
});

it("accepts a document that was served to the default client, and makes none for containers without an address", () => {
  const served = {
    hosts: [{ uuid: "h1", name: "h2" }, { uuid: "h2" }],
    containers: [{ uuid: "c1", primary_ip: null, host_uuid: "h1" }],
    self: { host: { uuid: "h2", name: "Node-2" } },
  };

  const documents = createAnswers(parseAnswers(JSON.stringify(served)), draw).get("latest");

  expect([...(documents?.keys() ?? [])]).toEqual(["default"]);
  expect(documents?.get("default")).toMatchObject({ self: { host: { uuid: "h2" } } });
});

it("serves one container, at random, to an address that several containers share", () => {
  const container = (uuid: string) => ({ uuid, primary_ip: "198.51.100.11", host_uuid: "h" });
  const file = parseAnswers(
    JSON.stringify({
      hosts: [{ uuid: "h" }],
      containers: [container("a"), container("b")],
      self: { host: "h" },
    }),
  );
  const selfAfter = (...ranks: number[]) => {
    const answers = createAnswers(file, { version: "v", random: () => ranks.shift() ?? 0 });
    return value(answers, "2015-07-25/self/container/uuid", "198.51.100.11");
  };

  expect(selfAfter(0, 0.1, 0.2)).toBe("b");
  expect(selfAfter(0, 0.2, 0.1)).toBe("a");
});

it("gives every API version and client the version of this reload", () => {
  const answers = createAnswers(parseAnswers(read("environment.yml")), { version: "drawn", random: () => 0 });

  const drawn = [...answers.values()].flatMap((documents) =>
    [...documents.values()].map(({ version }) => version),
  );

  expect([...answers.keys()].sort()).toEqual(["2015-07-25", "2015-12-19", "2016-07-29", "latest"]);
  expect(answers.get("latest")).toBe(answers.get("2016-07-29"));
  expect(drawn).toHaveLength(4 * 4);
  expect(new Set(drawn)).toEqual(new Set(["drawn"]));
});

it("shuffles every list at each reload, also nested lists", () => {
  const file = parseAnswers(read("environment.yml"));
  const orders = (random: () => number) => {
    const answers = createAnswers(file, { version: "v", random });
    return ["hosts", "containers", "services", "stacks/shop/services/web/containers"].map((path) =>
      (value(answers, `latest/${path}`) as { uuid: string }[]).map(({ uuid }) => uuid),
    );
  };
  let rank = 0;

  const rising = orders(() => rank++);
  const falling = orders(() => rank--);

  expect(falling).toEqual(rising.map((list) => list.toReversed()));
});

it("serves KEYED documents as written, and fills the gaps of a client's document from the default", () => {
  const file = `
    default: { self: { host: { uuid: h1 } }, hosts: [{ uuid: h1 }], extra: 1 }
    2001:DB8:0::7: { self: { host: { uuid: h2 } } }
    10.42.0.1: { self: { container: { uuid: c1 } }, hosts: null }`;

  const answers = createAnswers(parseAnswers(file), draw);

  expect(value(answers, "latest")).toEqual({
    self: { host: { uuid: "h1" } },
    hosts: [{ uuid: "h1" }],
    extra: 1,
    version: "v1",
  });
  expect(value(answers, "latest/self/host/uuid", "2001:db8::7")).toBe("h2");
  expect(value(answers, "latest/hosts/h1/uuid", "2001:db8::7")).toBe("h1");
  expect(value(answers, "latest/hosts", "10.42.0.1")).toBeNull();
  expect(value(answers, "latest/self/host", "10.42.0.1")).toBeUndefined();
});

it("serves a KEYED file without a default only to the clients that it names", () => {
  const answers = createAnswers(parseAnswers("10.42.0.1: { name: a }"), draw);

  expect(value(answers, "latest/name", "10.42.0.1")).toBe("a");
  expect(value(answers, "latest/name", "10.42.0.2")).toBeUndefined();
});

it.each([
  { why: "nothing", text: "", says: "not a map" },
  { why: "a list", text: "[]", says: "not a map" },
  { why: "broken YAML", text: "default: {", says: "not YAML" },
  { why: "neither shape", text: "stacks: []", says: "nor `hosts`" },
  { why: "a key that is no client", text: "default: {}\nhosts: []", says: "hosts: not" },
  { why: "a client without document", text: "default: 7", says: "default: not a document" },
  { why: "no self", text: "hosts: []", says: "self: " },
  { why: "a self that is not listed", text: "hosts: []\nself: { host: x }", says: '"x" is neither' },
  { why: "a number for a uuid", text: "hosts: [{ uuid: 7 }]\nself: { host: x }", says: "hosts.0.uuid: " },
  {
    why: "a service without stack",
    text: "hosts: []\nself: { host: x }\nservices: [{ name: a }]",
    says: "services.0.stack_name: ",
  },
])("refuses a file with $why, saying so", ({ text, says }) => {
  expect(() => parseAnswers(text)).toThrow(
    expect.objectContaining({ code: "ANSWERS_INVALID", message: expect.stringContaining(says) }),
  );
});
