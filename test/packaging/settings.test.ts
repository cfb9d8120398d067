/** Every setting can be given by the files that ship, or is named here with the reason why not. */
import { describe, expect, it } from "vitest";
import { listGroups } from "../../src/groups/group-names.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings, withAuthPass } from "../../src/settings/settings.ts";
import { ALL_ROWS, GROUP_ROWS } from "../../src/settings/table.ts";
import { catalog, DEFAULT_ANSWERS, launch, parseCompose, TOP } from "./packaged-files.ts";

const ONLY_GROUP = "main";

const NOT_PASSED_THROUGH: Readonly<Record<string, string>> = {
  KEEPALIVED_CONF: "lies on a tmpfs that is made for it",
  TEMPLATE: "names a file that has to be mounted: docker-compose.override.yml does both",
  HOST_UUID: "would be the same on all hosts; without Rancher it means nothing",
};

const IS_LABEL = "is of one host: a host label";
const IS_TUNING = "is rarely changed: the top-level pair, or metadata by Rancher's API";
const NEEDS_MOUNT = "names a file of the container: the top-level pair with an override";
const NOT_ASKED: Readonly<Record<string, string>> = {
  VIRTUAL_MASK: "each VIP is asked for with its prefix length",
  VRRP_VERSION: "follows from the password",
  PRIORITY: IS_LABEL,
  UNICAST_SRC_IP: IS_LABEL,
  HOST_UUID: IS_LABEL,
  "label drain": IS_LABEL,
  "label http": IS_LABEL,
  UNICAST_PEERS: IS_TUNING,
  CHECK_INTERVAL: IS_TUNING,
  PEER_REMOVAL_GRACE: IS_TUNING,
  IPTABLES_BACKEND: IS_TUNING,
  ADVERT_NOTRACK: IS_TUNING,
  METADATA_URL: "is the same on every host of Rancher",
  KEEPALIVED_CONF: "lies on a tmpfs that is made for it",
  AUTH_PASS: "would be readable in Rancher's database: a secret is asked for",
  NOTIFY_URL: "may hold a token that would be readable in Rancher's database",
  TEMPLATE: NEEDS_MOUNT,
  CHECK_SCRIPT: NEEDS_MOUNT,
  NOTIFY_SCRIPT: NEEDS_MOUNT,
};

const nameOf = ({ variable, label }: (typeof ALL_ROWS)[number]) => variable ?? `label ${label}`;
const all = ALL_ROWS.map(nameOf);

/** Dotted paths of a nested document. */
function pathsOf(node: unknown, prefix = ""): string[] {
  if (typeof node !== "object" || node === null) return [prefix];
  return Object.entries(node).flatMap(([key, value]) =>
    pathsOf(value, prefix === "" ? key : `${prefix}.${key}`),
  );
}

describe("the top-level pair", () => {
  const environment = parseCompose(TOP.docker).services["keepalived"]?.environment ?? {};
  const variables = ALL_ROWS.flatMap(({ variable }) => variable ?? []);

  it("passes every variable through, but for those with a reason", () => {
    const expected = variables.filter((variable) => !(variable in NOT_PASSED_THROUGH));
    expect(Object.keys(environment).toSorted()).toEqual(expected.toSorted());
  });

  it("makes exceptions only for settings that exist", () => {
    expect(variables).toEqual(expect.arrayContaining(Object.keys(NOT_PASSED_THROUGH)));
  });

  it("sets what the file itself decides, and nothing that has a default", () => {
    const given = Object.entries(environment).filter(([, value]) => value !== null);
    expect(Object.fromEntries(given)).toEqual({
      SERVICE_NAME: "keepalived",
      STATE_DIR: "/var/lib/rancher-keepalived",
    });
  });
});

describe("the metadata example of the top-level pair", () => {
  const uncommented = TOP.rancher.replaceAll(/^#(?= {4})/gm, "");
  const { metadata } = parseCompose(uncommented).services["keepalived"] ?? {};

  it("is left out until somebody removes the # in front", () => {
    expect(parseCompose(TOP.rancher).services["keepalived"]).not.toHaveProperty("metadata");
  });

  it("makes two groups that the agent takes without a word", () => {
    const { names, problems } = listGroups(metadata);
    const groups = names.map((name) => resolveGroup(name, parseSettings({}), {}, metadata));

    expect(problems).toEqual([]);
    expect(names).toEqual(["mail", "web"]);
    expect(groups.flatMap((resolved) => [...resolved.problems, ...resolved.warnings])).toEqual([]);
    expect(groups.map(({ group }) => group.virtualIps?.value[0]?.address)).toEqual([
      "192.168.10.101",
      "192.168.10.100",
    ]);
    expect(groups.map(({ group }) => group.checkPorts?.value.length)).toEqual([1, 2]);
    expect(groups[0]?.group.vrid?.value).toBe(61);
  });
});

describe("the catalog entry", () => {
  /** The settings that the agent has after a launch with these answers, and what it would complain of. */
  function settingsAfter(answers: Readonly<Record<string, string>>) {
    const { environment = {}, metadata } = launch(answers).services["keepalived"] ?? {};
    const settings = parseSettings(environment as Record<string, string>);
    const complete = settings.agent.authPassFile === undefined ? settings : withAuthPass(settings, "s3cret");
    return { agent: complete.agent, resolved: resolveGroup(ONLY_GROUP, complete, {}, metadata) };
  }

  /** The plain values of a group, without the places that they came from. */
  function valuesOf(group: object): Record<string, unknown> {
    return Object.fromEntries(Object.entries(group).map(([key, { value }]) => [key, value]));
  }

  it("asks for every setting, but for those with a reason", () => {
    const { environment = {}, metadata } = launch({ ...DEFAULT_ANSWERS, AUTH_PASS_SECRET: "vrrp" }).services[
      "keepalived"
    ] ?? { environment: {} };
    const paths = pathsOf(metadata);
    const given = ALL_ROWS.filter(
      (row) => (row.variable ?? "") in environment || paths.includes(`keepalived.${row.metadata}`),
    ).map(nameOf);

    expect(given.toSorted()).toEqual(all.filter((name) => !(name in NOT_ASKED)).toSorted());
  });

  it("makes exceptions only for settings that exist", () => {
    expect(all).toEqual(expect.arrayContaining(Object.keys(NOT_ASKED)));
  });

  it("means with its defaults what the agent means with nothing but a virtual IP", () => {
    const { resolved, agent } = settingsAfter(DEFAULT_ANSWERS);
    const plain = parseSettings({ VIRTUAL_IP: DEFAULT_ANSWERS["VIRTUAL_IP"] });

    expect([...resolved.problems, ...resolved.warnings]).toEqual([]);
    expect(valuesOf(resolved.group)).toEqual(valuesOf(resolveGroup(ONLY_GROUP, plain, {}, {}).group));
    expect(agent).toEqual({
      ...plain.agent,
      stackName: "vips",
      serviceName: "keepalived",
      stateDir: "/var/lib/rancher-keepalived",
      // what it is in a container anyway, whose log is no terminal
      logFormat: "json",
    });
  });

  it("takes the examples of all settings that it asks for", () => {
    const asked = new Set(catalog.questions.map(({ variable }) => variable));
    const examples = ALL_ROWS.flatMap(({ variable, example }) =>
      variable !== undefined && asked.has(variable) ? [[variable, example]] : [],
    );
    const answers = { ...DEFAULT_ANSWERS, ...Object.fromEntries(examples) };
    const { resolved } = settingsAfter(answers);

    expect(resolved.problems).toEqual([]);
    for (const [key, row] of Object.entries(GROUP_ROWS)) {
      const isAsked = "variable" in row && asked.has(row.variable);
      if (isAsked) expect(resolved.group, key).toHaveProperty([key, "source", "kind"], "metadata");
    }
  });

  it("stays right with a password, which changes what an advert interval may be", () => {
    const { resolved } = settingsAfter({ ...DEFAULT_ANSWERS, AUTH_PASS_SECRET: "vrrp" });

    expect([...resolved.problems, ...resolved.warnings]).toEqual([]);
    expect(resolved.group.vrrpVersion.value).toBe(2);
    expect(resolved.group.advertIntervalSeconds.value).toBe(1);
  });

  it("lets a host label win over an answer", () => {
    const { metadata } = launch({ ...DEFAULT_ANSWERS, INTERFACE: "eth0" }).services["keepalived"] ?? {};
    const { group } = resolveGroup(
      ONLY_GROUP,
      parseSettings({}),
      { "keepalived.interface": "eth1" },
      metadata,
    );

    expect(group.interface?.value).toBe("eth1");
  });
});
