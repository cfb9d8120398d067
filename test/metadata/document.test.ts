import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AgentError } from "../../src/errors.ts";
import { parseHost, parseHosts, parseService, parseVersion } from "../../src/metadata/document.ts";
import { parseListing } from "../../src/metadata/listing.ts";

const names = { stackName: "lb", name: "keepalived" };

function fixture(name: string) {
  return JSON.parse(readFileSync(new URL(`../fixtures/metadata/${name}.json`, import.meta.url), "utf8"));
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof AgentError) return error.code;
    throw error;
  }
  return "none";
}

function deep(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
}

function deepList(levels: number): string {
  return `${"[".repeat(levels)}1${"]".repeat(levels)}`;
}

describe("answers of the real server", () => {
  it("become a host", () => {
    expect(parseHost(fixture("hostnet-self_host"))).toEqual({
      uuid: "e3d3bd2b-2f7e-510a-8e65-3b69af69a0e9",
      name: "Node-1",
      hostname: "node-1.example",
      agentIp: "10.99.0.11",
      environmentUuid: "dd4ac0fc-3a2d-5cf5-a787-359f6e0a71a9",
      agentState: "active",
      labels: expect.objectContaining({ "vrrp.priority": "149", "site/zone.a": "z1", empty: "" }),
    });
  });

  it("become hosts, sorted by uuid", () => {
    expect(parseHosts(fixture("hostnet-hosts")).map(({ name }) => name)).toEqual([
      "Node-3",
      "Node-1",
      "Node-2",
    ]);
  });

  it("become a service with its containers, sorted by uuid", () => {
    const service = parseService(fixture("hostnet-stacks_lb_services_keepalived"), names);

    expect(service).toMatchObject(names);
    expect(service.containers.map(({ name }) => name)).toEqual([
      "lb-keepalived-1",
      "lb-keepalived-3",
      "lb-keepalived-2",
    ]);
    expect(service.containers[0]).toEqual({
      uuid: "07d42598-85df-513a-a6b0-a609ebc94d12",
      name: "lb-keepalived-1",
      externalId: "e287d4b6c660963383fc0874678b9cf6d050f9b8dc181fa95f997171258c633f",
      state: "running",
      hostUuid: "e3d3bd2b-2f7e-510a-8e65-3b69af69a0e9",
      primaryIp: "10.99.0.11",
      environmentUuid: "dd4ac0fc-3a2d-5cf5-a787-359f6e0a71a9",
      createIndex: 1,
    });
  });

  it("keep the old and the new containers of an upgrade apart", () => {
    const { containers } = parseService(
      { uuid: "s1", containers: fixture("upgrade-service_containers") },
      names,
    );

    expect(containers.map(({ state }) => state).sort()).toEqual([
      ...Array<string>(3).fill("running"),
      ...Array<string>(3).fill("stopped"),
    ]);
  });
});

describe("null, [], {} and an absent field all mean none", () => {
  const bare = {
    uuid: "h1",
    name: "",
    hostname: "",
    agentIp: "",
    environmentUuid: "",
    agentState: "",
    labels: {},
  };

  it.each([
    { why: "everything absent", document: { uuid: "h1" } },
    { why: "everything null", document: { uuid: "h1", name: null, agent_ip: null, labels: null } },
    { why: "labels as a list", document: { uuid: "h1", labels: [] } },
    { why: "labels that are no text", document: { uuid: "h1", labels: { a: 1, b: null, c: { d: "e" } } } },
    { why: "unknown fields", document: { uuid: "h1", hostId: 7, metadata_kind: "host" } },
  ])("a host with $why is a bare host", ({ document }) => expect(parseHost(document)).toEqual(bare));

  it.each([null, [], {}, undefined])("a service whose containers and metadata are %j has none", (none) => {
    expect(parseService({ uuid: "s1", containers: none, metadata: none }, names)).toEqual({
      ...names,
      metadata: {},
      containers: [],
    });
  });

  it.each([null, "", undefined])("a container whose host is %j is left out", (host) => {
    const containers = [
      { uuid: "c1", host_uuid: host },
      { uuid: "c2", host_uuid: "h1" },
    ];

    expect(parseService({ uuid: "s1", containers }, names).containers.map(({ uuid }) => uuid)).toEqual([
      "c2",
    ]);
  });

  it("metadata keeps the types that the user's YAML gave it", () => {
    const metadata = { vrid: 41, preempt: true, vips: ["192.0.2.10/24"], nested: { a: null } };

    expect(parseService({ uuid: "s1", metadata }, names).metadata).toEqual(metadata);
  });

  it("metadata is accepted up to a size far above what a user writes by hand", () => {
    const metadata = { wide: Array(9_000).fill(1), deep: JSON.parse(deep(90)) };

    expect(parseService({ uuid: "s1", metadata }, names).metadata).toEqual(metadata);
  });
});

describe("a malformed document is refused as a whole", () => {
  it.each([
    { why: "a host without a uuid", parse: () => parseHost({ name: "a" }) },
    { why: "labels that are text", parse: () => parseHost({ uuid: "h1", labels: "garbage" }) },
    { why: "labels that are a list", parse: () => parseHost({ uuid: "h1", labels: [1] }) },
    {
      why: "service metadata that is text",
      parse: () => parseService({ uuid: "s1", metadata: "garbage" }, names),
    },
    {
      why: "service metadata that is too deep to be walked",
      parse: () => parseService({ uuid: "s1", metadata: JSON.parse(deep(20_000)) }, names),
    },
    {
      why: "service metadata of lists that are too deep",
      parse: () => parseService({ uuid: "s1", metadata: { a: JSON.parse(deepList(20_000)) } }, names),
    },
    {
      why: "service metadata with more values than anybody writes",
      parse: () => parseService({ uuid: "s1", metadata: { a: Array(20_000).fill(1) } }, names),
    },
    {
      why: "a number in service metadata that could not be remembered",
      parse: () => parseService({ uuid: "s1", metadata: JSON.parse('{"a":{"b":1e999}}') }, names),
    },
    {
      why: "a container's number that could not be remembered",
      parse: () =>
        parseService({ uuid: "s1", containers: JSON.parse('[{"uuid":"a","create_index":1e999}]') }, names),
    },
    { why: "a host that is null", parse: () => parseHost(null) },
    { why: "a uuid that climbs out of its path", parse: () => parseHost({ uuid: ".." }) },
    { why: "a uuid with a slash", parse: () => parseHost({ uuid: "a/b" }) },
    { why: "an address that is a number", parse: () => parseHost({ uuid: "h1", agent_ip: 10 }) },
    { why: "one bad host among good ones", parse: () => parseHosts([{ uuid: "h1" }, { uuid: 2 }]) },
    { why: "hosts that are text", parse: () => parseHosts("Not found") },
    {
      why: "a container without a uuid",
      parse: () => parseService({ uuid: "s1", containers: [{ name: "a" }] }, names),
    },
    {
      why: "names in place of containers",
      parse: () => parseService({ uuid: "s1", containers: ["lb-1"] }, names),
    },
    {
      why: "a service without a uuid",
      parse: () => parseService([], names),
    },
    { why: "an empty version", parse: () => parseVersion("") },
    { why: "a version with a line break", parse: () => parseVersion("a\nb") },
    { why: "a version that is a number", parse: () => parseVersion(7) },
    { why: "a listing that is a page", parse: () => parseListing("<html>\n<body>0=lb</body>\n") },
    { why: "a listing with a broken escape", parse: () => parseListing("0=%E0%A4%A\n") },
  ])("$why", ({ parse }) => expect(codeOf(parse)).toBe("METADATA_MALFORMED"));
});

describe("a listing", () => {
  it.each([
    { text: "", want: [] },
    {
      text: "0=lb\n1=web\n",
      want: [
        { index: 0, name: "lb" },
        { index: 1, name: "web" },
      ],
    },
    { text: "0=a+b%2Fc%3D\n", want: [{ index: 0, name: "a b/c=" }] },
    { text: "0/\n1=lb\n2\n", want: [{ index: 1, name: "lb" }] },
  ])("$text", ({ text, want }) => expect(parseListing(text)).toEqual(want));
});

describe("for any document", () => {
  const uuid = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,8}$/);
  const containers = fc.uniqueArray(
    fc.record({ uuid, host_uuid: fc.option(uuid), state: fc.option(fc.string()), create_index: fc.nat() }),
    { selector: (container) => container.uuid },
  );

  it("nothing but METADATA_MALFORMED is thrown", () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.record({ uuid: fc.jsonValue(), labels: fc.jsonValue(), containers: fc.jsonValue() }),
      fc.array(fc.record({ uuid: fc.string(), agent_ip: fc.jsonValue() })),
    );
    fc.assert(
      fc.property(anything, (document) => {
        for (const parse of [parseHost, parseHosts, parseListing, parseVersion]) {
          expect(["none", "METADATA_MALFORMED"]).toContain(codeOf(() => parse(document)));
        }
        expect(["none", "METADATA_MALFORMED"]).toContain(codeOf(() => parseService(document, names)));
      }),
    );
  });

  it("the order of containers makes no difference", () => {
    const shuffled = containers.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        expect(parseService({ uuid: "s1", containers: other }, names)).toEqual(
          parseService({ uuid: "s1", containers: list }, names),
        );
      }),
    );
  });
});
