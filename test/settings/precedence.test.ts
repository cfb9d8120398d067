import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeProblem } from "../../src/settings/problem.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";

const UNSET = parseSettings({});

/** Group `main` of a service with `keepalived` as metadata, on a host without labels. */
function fromMetadata(keepalived: unknown) {
  const { group, problems } = resolveGroup("main", UNSET, {}, { keepalived });
  return { group, problems: problems.map(describeProblem) };
}

function fromLabels(labels: Record<string, string>, metadata: unknown = {}) {
  const { group, problems } = resolveGroup("main", UNSET, labels, metadata);
  return { group, problems: problems.map(describeProblem) };
}

describe("precedence", () => {
  it("is environment, group's label, label, group's metadata, metadata; a bad value is skipped", () => {
    const setting = fc.option(fc.integer({ min: 1, max: 254 }), { nil: undefined });
    const mayBeBad = fc.option(fc.integer({ min: -3, max: 500 }), { nil: undefined });
    const isGood = (value: number | undefined) => value !== undefined && value >= 1 && value <= 254;

    fc.assert(
      fc.property(
        fc.tuple(setting, mayBeBad, mayBeBad, mayBeBad, mayBeBad),
        ([environment, ownLabel, label, own, shared]) => {
          const settings = parseSettings({ PRIORITY: environment?.toString() });
          const labels = {
            ...(ownLabel !== undefined && { "keepalived.main.priority": String(ownLabel) }),
            ...(label !== undefined && { "keepalived.priority": String(label) }),
          };
          const metadata = { keepalived: { priority: shared, instances: { main: { priority: own } } } };

          const { group, problems } = resolveGroup("main", settings, labels, metadata);

          const layers = [environment, ownLabel, label, own, shared];
          expect(group.priority?.value).toBe(layers.find(isGood));
          expect(problems).toHaveLength(
            layers.filter((value) => value !== undefined && !isGood(value)).length,
          );
        },
      ),
    );
  });

  it("reports the source of each value", () => {
    const settings = parseSettings({ VRID: "51" });
    const labels = { "keepalived.main.interface": "eth1", "keepalived.priority": "250" };
    const keepalived = { check: { rise: 9 }, instances: { main: { unicast: false } } };

    const { group } = resolveGroup("main", settings, labels, { keepalived });

    expect(group.vrid?.source).toEqual({ kind: "environment", name: "VRID" });
    expect(group.interface?.source).toEqual({ kind: "label", name: "keepalived.main.interface" });
    expect(group.priority?.source).toEqual({ kind: "label", name: "keepalived.priority" });
    expect(group.unicast.source).toEqual({ kind: "metadata", name: "keepalived.instances.main.unicast" });
    expect(group.checkRise.source).toEqual({ kind: "metadata", name: "keepalived.check.rise" });
    expect(group.checkFall.source).toEqual({ kind: "default", name: "CHECK_FALL" });
    expect(group.drain.source).toEqual({ kind: "default", name: "keepalived.drain" });
  });
});

describe("labels", () => {
  it("are read for interface, priority, address and drain", () => {
    const { group, problems } = fromLabels({
      "keepalived.interface": " br-ex ",
      "keepalived.priority": "253",
      "keepalived.address": "10.0.0.7",
      "keepalived.drain": "True",
      "io.rancher.host.docker_version": "17.03",
      keepalived: "yes",
    });

    expect(problems).toEqual([]);
    expect(group).toMatchObject({
      interface: { value: "br-ex" },
      priority: { value: 253 },
      unicastSource: { value: "10.0.0.7" },
      drain: { value: true },
    });
  });

  it.each([
    { label: "keepalived.priorty", says: "unknown key; did you mean keepalived.priority?" },
    { label: "keepalived.quorum", says: /: unknown key$/ },
    { label: `keepalived.${"x".repeat(10_000)}`, says: /: unknown key$/ },
    { label: "keepalived.Priority", says: "unknown key; did you mean keepalived.priority?" },
    { label: "Keepalived.priority", says: "unknown key; did you mean keepalived.priority?" },
    { label: "KEEPALIVED.PRIORITY", says: "unknown key; did you mean keepalived.priority?" },
    { label: "Keepalived.main.priority", says: "unknown key; did you mean keepalived.main.priority?" },
    {
      label: "keepalived.vrid",
      says: "use the environment variable VRID or the service metadata keepalived.vrid",
    },
    {
      label: "keepalived.check_script",
      says: "cannot be set here; use the environment variable CHECK_SCRIPT",
    },
    {
      label: "keepalived.main.auth.pass",
      says: "cannot be set here; use the environment variable AUTH_PASS",
    },
    { label: "keepalived.blue.priority", says: "unknown group" },
  ])("with the key of $label are refused, and the value is hidden", ({ label, says }) => {
    const { group, problems } = fromLabels({ [label]: "hunter2" });

    expect(group).toEqual(fromLabels({}).group);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(says);
    expect(problems[0]).toContain("=(hidden) (host label)");
  });

  it("of other groups of the service are skipped", () => {
    const metadata = { keepalived: { instances: { blue: { vrid: 7 } } } };

    expect(fromLabels({ "keepalived.blue.priority": "999" }, metadata).problems).toEqual([]);
    expect(fromLabels({ "Keepalived.blue.priority": "999" }, metadata).problems).toEqual([]);
  });

  it("that are empty, or are not the agent's, are no problem in any case", () => {
    const labels = { "Keepalived.priority": "", KEEPALIVED: "1", "KeepalivedX.priority": "1" };

    expect(fromLabels(labels).problems).toEqual([]);
  });

  it("cannot add a line to a report", () => {
    const [line] = fromLabels({ "keepalived.x\nVRID=1": "1" }).problems;

    expect(line).toMatch(/^keepalived\.x\\nVRID=1=\(hidden\) /);
  });
});

describe("service metadata", () => {
  it.each([
    { why: "a number", given: { vrid: 51 }, want: { vrid: { value: 51 } } },
    { why: "digits as text", given: { vrid: "51" }, want: { vrid: { value: 51 } } },
    { why: "a boolean", given: { preempt: true }, want: { preempt: { value: true } } },
    { why: "a boolean as text", given: { unicast: "off" }, want: { unicast: { value: false } } },
    { why: "a fraction", given: { advert_interval: 1.1 }, want: { advertIntervalSeconds: { value: 1.1 } } },
    {
      why: "one item for a list",
      given: { check: { ports: 80 } },
      want: { checkPorts: { value: [{ protocol: "tcp", port: 80 }] } },
    },
    {
      why: "a list of mixed types, with gaps",
      given: { check: { ports: [80, null, "53/udp", ""] } },
      want: {
        checkPorts: {
          value: [
            { protocol: "tcp", port: 80 },
            { protocol: "udp", port: 53 },
          ],
        },
      },
    },
    { why: "a list for a text", given: { interface: ["eth1"] }, want: { interface: { value: "eth1" } } },
    {
      why: "dotted keys",
      given: { "check.rise": 7, "instances.main.check.fall": 8 },
      want: { checkRise: { value: 7 }, checkFall: { value: 8 } },
    },
    { why: "null", given: { vrrp_version: null, check: null, instances: null }, want: {} },
    {
      why: "Rancher's word for null",
      given: { vrrp_version: "<nil>", check: { service: " <nil> " } },
      want: {},
    },
    { why: "empty text and list", given: { vrrp_version: "", unicast_peers: [] }, want: {} },
  ])("may hold $why", ({ given, want }) => {
    const { group, problems } = fromMetadata(given);

    expect(problems).toEqual([]);
    expect(group).toMatchObject(want);
    if (Object.keys(want).length === 0) expect(group).toEqual(fromMetadata({}).group);
  });

  it("may have dotted keys at its top, next to foreign keys; nested keys win", () => {
    const metadata = {
      "keepalived.virtual_ip": "10.0.0.1",
      "keepalived.check.ports": [80],
      "keepalived.vrid": 7,
      keepalived: { vrid: 8 },
      keepalivedish: 1,
      other: { keepalived: 1 },
    };

    const { group, problems } = resolveGroup("main", UNSET, {}, metadata);

    expect(problems).toEqual([]);
    expect(group.virtualIps?.value).toEqual([{ address: "10.0.0.1", prefix: undefined }]);
    expect(group.checkPorts?.value).toEqual([{ protocol: "tcp", port: 80 }]);
    expect(group.vrid?.value).toBe(8);
  });

  it.each([
    { given: { vrid: 0 }, says: 'keepalived.vrid="0" (service metadata): must be 1-255' },
    { given: { vrid: 1e21 }, says: 'keepalived.vrid="1e+21"' },
    { given: { vrid: [1, 2] }, says: 'keepalived.vrid="1,2"' },
    { given: { vrid: [{}] }, says: 'keepalived.vrid="{...}"' },
    { given: { virtual_ip: { address: "10.0.0.1" } }, says: "keepalived.virtual_ip.address=(hidden)" },
    { given: { virtual_ip: "10.0.0.1\n10.0.0.2" }, says: "no line breaks" },
    {
      given: { check: [80] },
      says: "keepalived.check=(hidden) (service metadata): must be a section with keys",
    },
    {
      given: { instances: ["main"] },
      says: "keepalived.instances=(hidden) (service metadata): must be a section with keys",
    },
    {
      given: { instances: { main: 1 } },
      says: "keepalived.instances.main=(hidden) (service metadata): must be a section with keys",
    },
    { given: { instances: { main: { vrid: 256 } } }, says: 'keepalived.instances.main.vrid="256"' },
    { given: "yes", says: "keepalived=(hidden) (service metadata): must be a section with keys" },
    {
      given: { address: "10.0.0.1" },
      says: "use the environment variable UNICAST_SRC_IP or the host label keepalived.address",
    },
    {
      given: { check: { script: "rm -rf /" } },
      says: "cannot be set here; use the environment variable CHECK_SCRIPT",
    },
    { given: { auth_pass: "hunter2" }, says: "cannot be set here; use the environment variable AUTH_PASS" },
    {
      given: { notify: { url: "http://x" } },
      says: "cannot be set here; use the environment variable NOTIFY_URL",
    },
    { given: { template: "/tmp/x" }, says: "cannot be set here; use the environment variable TEMPLATE" },
    { given: { vrud: 5 }, says: "unknown key; did you mean keepalived.vrid?" },
  ])("is refused where it holds $given", ({ given, says }) => {
    const { group, problems } = fromMetadata(given);

    expect(problems).toEqual([expect.stringContaining(says)]);
    expect(group).toEqual(fromMetadata({}).group);
  });

  it.each([
    { metadata: { Keepalived: { vrid: 5 } }, says: "Keepalived=(hidden) (service metadata): unknown key" },
    { metadata: { "KEEPALIVED.vrid": 5 }, says: "did you mean keepalived.vrid?" },
  ])("with a key that differs in its case alone is named: $metadata", ({ metadata, says }) => {
    const { group, problems } = resolveGroup("main", UNSET, {}, metadata);

    expect(problems.map(describeProblem)).toEqual([expect.stringContaining(says)]);
    expect(group.vrid).toBeUndefined();
  });

  it("has problems only in the group that they belong to", () => {
    const { group, problems } = fromMetadata({
      instances: { blue: { vrid: 0, nonsense: 1 }, main: { vrid: 5 } },
    });

    expect(problems).toEqual([]);
    expect(group.vrid?.value).toBe(5);
  });

  it.each([undefined, null, "text", 7, [], [{ keepalived: { vrid: 1 } }]])(
    "of the form %j counts as empty",
    (metadata) =>
      expect(resolveGroup("main", UNSET, {}, metadata)).toEqual(resolveGroup("main", UNSET, {}, {})),
  );
});

describe("resolveGroup", () => {
  const name = fc.constantFrom("main", "blue", "", "__proto__", "a.b");
  const labels = fc.dictionary(
    fc.oneof(
      fc
        .constantFrom("priority", "main.priority", "interface", "drain", "address", "", "__proto__")
        .map((key) => `keepalived.${key}`),
      fc.string({ unit: "binary" }),
    ),
    fc.string({ unit: "binary" }),
  );
  const key = fc.constantFrom("vrid", "check", "ports", "instances", "main", "virtual_ip", "advert_interval");
  const { document } = fc.letrec((tie) => ({
    document: fc.oneof(
      { depthSize: "small" },
      fc.jsonValue(),
      fc.dictionary(key, tie("document")),
      fc.constantFrom(2, 0.5, "10.0.0.1", "2001:db8::1", true, null),
    ),
  }));

  it("never throws and returns a complete group, for any labels and metadata", () => {
    fc.assert(
      fc.property(name, labels, document, (group, someLabels, keepalived) => {
        const { group: resolved, problems } = resolveGroup(group, UNSET, someLabels, { keepalived });

        expect([2, 3]).toContain(resolved.vrrpVersion.value);
        expect(resolved.advertIntervalSeconds.value).toBeGreaterThan(0);
        for (const problem of problems) expect(describeProblem(problem)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it("ignores the order of labels and metadata keys", () => {
    const reverse = (value: unknown): unknown =>
      typeof value !== "object" || value === null || Array.isArray(value)
        ? value
        : Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([inner, item]) => [inner, reverse(item)]),
          );

    fc.assert(
      fc.property(labels, document, (someLabels, keepalived) => {
        const metadata = { keepalived, "keepalived.vrid": 9, "keepalived.check.ports": 80 };
        const forward = resolveGroup("main", UNSET, someLabels, metadata);
        const backward = resolveGroup(
          "main",
          UNSET,
          reverse(someLabels) as Record<string, string>,
          reverse(metadata),
        );
        expect(backward).toEqual(forward);
      }),
    );
  });

  it("walks a document once for all groups", () => {
    let walks = 0;
    const metadata = {
      get keepalived() {
        walks += 1;
        return { vrid: 9, instances: { web: { vrid: 7 }, db: {} } };
      },
    };

    const vrids = ["web", "db", "other"].map(
      (each) => resolveGroup(each, UNSET, {}, metadata).group.vrid?.value,
    );

    expect(vrids).toEqual([7, 9, 9]);
    expect(walks).toBe(1);
  });

  it("accepts a deeply nested document", () => {
    const deep = JSON.parse(`${'{"check":'.repeat(2000)}1${"}".repeat(2000)}`);

    const { problems } = resolveGroup("main", UNSET, {}, { keepalived: deep });

    expect(problems).toHaveLength(1);
  });
});
