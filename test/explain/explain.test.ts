import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ExplainedValue } from "../../src/explain/value.ts";
import { settingName } from "../../src/settings/row.ts";
import { ALL_ROWS } from "../../src/settings/table.ts";
import { type Case, desireCase, explainCase, host, instancesOf } from "../fixtures/explain.ts";

const VIP = { VIRTUAL_IP: "198.51.100.50" };

function explained(name: string, given: Case, group = "main"): ExplainedValue | undefined {
  const { groups, agent } = explainCase(given);
  return groups[group]?.values[name] ?? agent[name];
}

/** `VALUE KIND NAME: REASON`. */
function summaryOf(value: ExplainedValue | undefined): string {
  const { kind, name } = value!.source;
  const reason = value?.reason === undefined ? "" : `: ${value.reason}`;
  return `${JSON.stringify(value?.value)} ${kind} ${name}${reason}`;
}

it("has every setting exactly once", () => {
  const { groups, agent } = explainCase({ env: VIP });

  const names = [...Object.keys(groups["main"]!.values), ...Object.keys(agent)];
  expect(names).toEqual([...ALL_ROWS.map(settingName), "router_id"]);
});

describe("the source of a group's value", () => {
  const places = {
    env: { ...VIP, PRIORITY: "10" },
    labels: { "keepalived.main.priority": "20", "keepalived.priority": "30" },
    keepalived: { priority: 50, instances: { main: { priority: 40 } } },
  };
  const hash = "a stable hash of group main and host uuid uuid-1; no place sets one";

  it.each([
    { why: "environment", given: places, want: "10 environment PRIORITY" },
    { why: "label of the group", given: { ...places, env: VIP }, want: "20 label keepalived.main.priority" },
    {
      why: "shared label",
      given: { ...places, env: VIP, labels: { "keepalived.priority": "30" } },
      want: "30 label keepalived.priority",
    },
    {
      why: "metadata of the group",
      given: { ...places, env: VIP, labels: {} },
      want: "40 metadata keepalived.instances.main.priority",
    },
    {
      why: "shared metadata",
      given: { env: VIP, keepalived: { priority: 50 } },
      want: "50 metadata keepalived.priority",
    },
    { why: "none", given: { env: VIP }, want: new RegExp(`^2\\d\\d derived PRIORITY: ${hash}$`) },
  ])("is given: $why", ({ given, want }) => {
    expect(summaryOf(explained("PRIORITY", given))).toMatch(want);
  });

  it("comes with every value that it overrides, from the highest place to the lowest", () => {
    const lost = explained("PRIORITY", places)?.overridden.map(
      ({ value, source }) => `${value} ${source.name}`,
    );

    expect(lost).toEqual([
      "20 keepalived.main.priority",
      "30 keepalived.priority",
      "40 keepalived.instances.main.priority",
      "50 keepalived.priority",
    ]);
  });

  it("comes with every value that was refused at any place, and the next place's value", () => {
    const value = explained("PRIORITY", {
      env: VIP,
      labels: { "keepalived.priority": "0" },
      keepalived: { priority: 7, Priority: 8 },
    });

    expect(summaryOf(value)).toBe("7 metadata keepalived.priority");
    expect(value?.refused).toEqual([
      { source: { kind: "label", name: "keepalived.priority" }, value: "0", allowed: "1-254" },
      {
        source: { kind: "metadata", name: "keepalived.Priority" },
        value: "(hidden)",
        why: "unknown key; did you mean keepalived.priority?",
      },
    ]);
  });

  it("comes with a value that conflicts with another setting, which counts as refused and not as overridden", () => {
    const value = explained("ADVERT_INTERVAL", {
      env: { ...VIP, VRRP_VERSION: "2" },
      keepalived: { advert_interval: 0.5, instances: { main: { advert_interval: 3 } } },
    });

    expect(summaryOf(value)).toBe("3 metadata keepalived.instances.main.advert_interval");
    expect(value?.overridden).toMatchObject([{ value: 0.5 }]);
    const alone = explained("ADVERT_INTERVAL", {
      env: { ...VIP, VRRP_VERSION: "2" },
      keepalived: { advert_interval: 0.5 },
    });
    expect(summaryOf(alone)).toBe("1 default ADVERT_INTERVAL: as VRRPv2 counts in whole seconds");
    expect(alone?.overridden).toEqual([]);
    expect(alone?.refused).toMatchObject([{ value: "0.5" }]);
  });

  it("names the setting where it is set at a place that it does not have", () => {
    const vrid = explained("VRID", {
      env: VIP,
      labels: { "keepalived.vrid": "51" },
      keepalived: { vrid: 52 },
    });

    expect(summaryOf(vrid)).toBe("52 metadata keepalived.vrid");
    expect(vrid?.refused).toMatchObject([
      { why: expect.stringContaining("service metadata keepalived.vrid") },
    ]);
  });
});

describe("the reason of a group's value", () => {
  const ipv6 = { env: { VIRTUAL_IP: "2001:db8::50" }, agentIp: "2001:db8::11", others: [] };
  const far = { VIRTUAL_IP: "192.0.2.50" };

  it.each<{ name: string; given: Case; want: string | RegExp }>([
    {
      name: "VIRTUAL_IP",
      given: { env: VIP },
      want: '["198.51.100.50/32"] environment VIRTUAL_IP: 198.51.100.50 is advertised',
    },
    {
      name: "VIRTUAL_IP",
      given: { env: { VIRTUAL_IP: "198.51.100.50 198.51.100.9/24" } },
      want: '["198.51.100.50/32","198.51.100.9/24"] environment VIRTUAL_IP: 198.51.100.50 is advertised, the others follow it',
    },
    {
      name: "VIRTUAL_MASK",
      given: { env: VIP },
      want: "null default VIRTUAL_MASK: a VIP without a prefix is one address: 198.51.100.50/32",
    },
    {
      name: "VIRTUAL_MASK",
      given: { env: { ...VIP, VIRTUAL_MASK: "24" } },
      want: "24 environment VIRTUAL_MASK: completes 198.51.100.50/24",
    },
    {
      name: "VIRTUAL_MASK",
      given: { env: { VIRTUAL_IP: "198.51.100.50/28", VIRTUAL_MASK: "24" } },
      want: "24 environment VIRTUAL_MASK: every VIP is written with its prefix",
    },
    {
      name: "INTERFACE",
      given: { env: VIP },
      want: '"eth0" derived INTERFACE: its subnet 198.51.100.0/24 holds the first VIP 198.51.100.50',
    },
    {
      name: "INTERFACE",
      given: ipv6,
      want: '"eth0" derived INTERFACE: its subnet 2001:db8::/64 holds the first VIP 2001:db8::50',
    },
    {
      name: "INTERFACE",
      given: { env: far },
      want: '"eth0" derived INTERFACE: no subnet of this host holds the first VIP 192.0.2.50, and it has the VRRP source 198.51.100.11',
    },
    {
      name: "INTERFACE",
      given: { env: far, agentIp: "192.0.2.7" },
      want: '"eth1" derived INTERFACE: no subnet of this host holds the first VIP 192.0.2.50, and it has the default route',
    },
    {
      name: "INTERFACE",
      given: { env: { ...VIP, INTERFACE: "eth1" } },
      want: '"eth1" environment INTERFACE',
    },
    {
      name: "VRID",
      given: { env: VIP },
      want: "50 derived VRID: the last octet of the first VIP 198.51.100.50",
    },
    { name: "VRID", given: ipv6, want: /^\d+ derived VRID: a stable hash of the first VIP 2001:db8::50$/ },
    {
      name: "VRRP_VERSION",
      given: { env: { ...VIP, AUTH_PASS: "s3cret" } },
      want: "2 default VRRP_VERSION: as AUTH_PASS is set and VRRPv3 has no passwords",
    },
    { name: "VRRP_VERSION", given: { env: VIP }, want: "3 default VRRP_VERSION" },
    {
      name: "UNICAST_SRC_IP",
      given: { env: VIP },
      want: '"198.51.100.11" derived UNICAST_SRC_IP: this host\'s agent_ip in Rancher, which is an address of this machine',
    },
    {
      name: "UNICAST_SRC_IP",
      given: { env: VIP, agentIp: "192.0.2.7" },
      want: '"198.51.100.11" derived UNICAST_SRC_IP: the first IPv4 address of eth0; the agent_ip 192.0.2.7 is not an IPv4 address of this host',
    },
    {
      name: "UNICAST_SRC_IP",
      given: { env: VIP, agentIp: "172.17.0.1" },
      want: '"198.51.100.11" derived UNICAST_SRC_IP: the first IPv4 address of eth0; every Docker host has the agent_ip 172.17.0.1',
    },
    {
      name: "UNICAST_SRC_IP",
      given: { ...ipv6, agentIp: "" },
      want: '"2001:db8::11" derived UNICAST_SRC_IP: the first IPv6 address of eth0, link-local ones last; no agent_ip is known',
    },
    {
      name: "UNICAST_SRC_IP",
      given: { env: { ...VIP, UNICAST: "false" } },
      want: "null derived UNICAST_SRC_IP: with multicast keepalived sends from the interface's address",
    },
    {
      name: "UNICAST_SRC_IP",
      given: { env: { ...VIP, UNICAST: "false" }, labels: { "keepalived.address": "198.51.100.11" } },
      want: '"198.51.100.11" label keepalived.address: no effect: adverts are sent by multicast',
    },
    {
      name: "UNICAST_PEERS",
      given: { env: { ...VIP, UNICAST_PEERS: "198.51.100.40 198.51.100.11 198.51.100.50" } },
      want: '["198.51.100.40","198.51.100.11","198.51.100.50"] environment UNICAST_PEERS: left out: 198.51.100.11 198.51.100.50, an address of this host or a VIP',
    },
    { name: "UNICAST_PEERS", given: { env: VIP }, want: "null default UNICAST_PEERS: none" },
    {
      name: "keepalived.drain",
      given: { env: VIP, labels: { "keepalived.drain": "true" } },
      want: "true label keepalived.drain: this host gives its VIPs away",
    },
    {
      name: "CHECK_PORT",
      given: { env: VIP, keepalived: { check: { ports: ["80", "53/udp"] } } },
      want: '["80/tcp","53/udp"] metadata keepalived.check.ports',
    },
    { name: "CHECK_PORT", given: { env: VIP }, want: "null default CHECK_PORT: no port check" },
    {
      name: "CHECK_IP",
      given: { env: { ...VIP, CHECK_PORT: "80" } },
      want: '"198.51.100.50" derived CHECK_IP: the first VIP',
    },
    {
      name: "CHECK_IP",
      given: { ...ipv6, env: { ...ipv6.env, CHECK_PORT: "80" } },
      want: '"2001:db8::50" derived CHECK_IP: the first VIP; Rancher publishes no port for IPv6, so ip6tables decides where it has a rule for the port',
    },
    {
      name: "CHECK_IP",
      given: { env: { ...VIP, CHECK_IP: "any" } },
      want: '"any" environment CHECK_IP: no port is checked',
    },
    {
      name: "CHECK_HTTP",
      given: { env: { ...VIP, CHECK_HTTP: "http://127.0.0.1/x 204 host=a.example" } },
      want: '"http://127.0.0.1/x 204 host=a.example" environment CHECK_HTTP',
    },
  ])("$name: $want", ({ name, given, want }) => {
    const text = summaryOf(explained(name, given));
    if (typeof want === "string") expect(text).toBe(want);
    else expect(text).toMatch(want);
  });
});

describe("the agent's settings", () => {
  const OFF = { origin: "off" } as const;

  it.each<{ name: string; given: Case; want: string }>([
    { name: "STATE_DIR", given: {}, want: '"/run/rancher-keepalived" default STATE_DIR' },
    { name: "STATE_DIR", given: { env: { STATE_DIR: "/s" } }, want: '"/s" environment STATE_DIR' },
    { name: "HTTP_LISTEN", given: { env: { HTTP_LISTEN: "off" } }, want: '"off" environment HTTP_LISTEN' },
    { name: "HTTP_LISTEN", given: {}, want: '"127.0.0.1:9650" default HTTP_LISTEN' },
    {
      name: "TEMPLATE",
      given: {},
      want: '"/app/templates/keepalived.conf.njk" derived TEMPLATE: it ships with the agent',
    },
    { name: "TEMPLATE", given: { env: { TEMPLATE: "/t.njk" } }, want: '"/t.njk" environment TEMPLATE' },
    { name: "STACK_NAME", given: { env: { STACK_NAME: "LB" } }, want: '"LB" environment STACK_NAME' },
    {
      name: "SERVICE_NAME",
      given: {},
      want: '"keepalived" derived SERVICE_NAME: of the service that lists this container',
    },
    {
      name: "SERVICE_NAME",
      given: { metadata: OFF },
      want: "null default SERVICE_NAME: found by the container's Docker id",
    },
    {
      name: "SERVICE_NAME",
      given: { metadata: { origin: "last-good", foundBy: undefined } },
      want: '"keepalived" derived SERVICE_NAME: known from an earlier run',
    },
    {
      name: "HOST_UUID",
      given: {},
      want: '"uuid-1" derived HOST_UUID: host node-1: its address in Rancher is one of this machine',
    },
    {
      name: "HOST_UUID",
      given: { metadata: { foundBy: "name" } },
      want: '"uuid-1" derived HOST_UUID: host node-1: its hostname node-1.example in Rancher is this machine\'s',
    },
    {
      name: "HOST_UUID",
      given: { metadata: { foundBy: "known" } },
      want: '"uuid-1" derived HOST_UUID: host node-1: known from an earlier run',
    },
    {
      name: "HOST_UUID",
      given: { metadata: OFF },
      want: '"uuid-1" derived HOST_UUID: the host name, as there is no metadata',
    },
    { name: "HOST_UUID", given: { env: { HOST_UUID: "uuid-1" } }, want: '"uuid-1" environment HOST_UUID' },
    { name: "router_id", given: {}, want: '"node-1.example" derived router_id: the hostname of this host' },
  ])("$name: $want", ({ name, given, want }) => {
    expect(summaryOf(explained(name, { ...given, env: { ...VIP, ...given.env } }))).toBe(want);
  });
});

describe("an explanation", () => {
  const text = (...values: string[]) => fc.option(fc.constantFrom(...values), { nil: "" });
  const given = fc.record({
    env: fc.record({
      VIRTUAL_IP: fc.constantFrom("198.51.100.50", "192.0.2.9/24 198.51.100.7", "2001:db8::50 10.0.0.1"),
      VRID: text("7"),
      UNICAST: text("false"),
      UNICAST_PEERS: text("198.51.100.40", "198.51.100.11", "2001:db8::40"),
    }),
    labels: fc.record({
      "keepalived.priority": text("20", "x"),
      "keepalived.main.interface": text("eth1", "eth9"),
      "keepalived.address": text("203.0.113.11", "nowhere"),
    }),
    keepalived: fc.record({ vrid: text("9", "0"), priority: text("30"), instances: fc.jsonValue() }),
    agentIp: text("198.51.100.11", "2001:db8::11", "192.0.2.7"),
    others: fc.constantFrom([], [host(2)], [host(2, { agentIp: "2001:db8::12" })]),
  });

  it("gives the values of the conf for any content of the places", () => {
    fc.assert(
      fc.property(given, (each) => {
        fc.pre(!isRefusedAtOnce(each));
        const { desired, explanation } = desireCase(each);
        for (const instance of desired.instances) {
          const { values, peers } = explanation.groups[instance.name]!;
          expect(values["VRID"]?.value).toBe(instance.virtualRouterId);
          expect(values["PRIORITY"]?.value).toBe(instance.priority);
          expect(values["INTERFACE"]?.value).toBe(instance.interface);
          expect(peers.map(({ address }) => address)).toEqual(instance.unicast?.peers ?? []);
          if (instance.unicast) expect(values["UNICAST_SRC_IP"]?.value).toBe(instance.unicast.source);
        }
        expect(desired.instances.length + explanation.refused.length).toBeGreaterThan(0);
      }),
    );
  });

  /** The environment is refused as a whole: its peers are not of the family of its first VIP. */
  function isRefusedAtOnce({ env }: { env: Record<string, string> }): boolean {
    const isIpv6 = (name: string) => env[name]?.split(" ")[0]?.includes(":");
    return env["UNICAST_PEERS"] !== "" && isIpv6("UNICAST_PEERS") !== isIpv6("VIRTUAL_IP");
  }
});

it("shows no secret, wherever it is set", () => {
  const secrets = { NOTIFY_URL: "https://hooks.example/hunter2" };
  const inEnvironment = explainCase({ env: { ...VIP, ...secrets, AUTH_PASS: "hunter2" } });
  const inFile = explainCase({ env: { ...VIP, AUTH_PASS_FILE: "/run/secrets/p" }, secret: "hunter2" });
  const elsewhere = explainCase({
    env: VIP,
    labels: { "keepalived.auth_pass": "hunter2" },
    keepalived: { auth_pass: "hunter2", AUTH_PAS: "hunter2" },
  });

  for (const explanation of [inEnvironment, inFile, elsewhere])
    expect(JSON.stringify(explanation)).not.toContain("hunter2");
  expect(summaryOf(inEnvironment.groups["main"]?.values["AUTH_PASS"])).toBe(
    '"(hidden)" environment AUTH_PASS',
  );
  expect(summaryOf(inFile.groups["main"]?.values["AUTH_PASS"])).toBe('"(hidden)" environment AUTH_PASS_FILE');
  expect(elsewhere.groups["main"]?.values["AUTH_PASS"]?.refused).toHaveLength(2);
});

describe("checks", () => {
  it("are listed with the setting that asks for each", () => {
    const { groups } = explainCase({
      env: { ...VIP, CHECK_SCRIPT: "true", CHECK_TCP: "[::1]:80" },
      keepalived: { check: { ports: 80, service: "web/app", http: "http://127.0.0.1/" } },
    });

    expect(groups["main"]?.checks.map(({ kind, value, source }) => [kind, value, source.name])).toEqual([
      ["ports", ["80/tcp"], "keepalived.check.ports"],
      ["target", true, "CHECK_TARGET"],
      ["http", "http://127.0.0.1/ 200-399", "keepalived.check.http"],
      ["tcp", "[::1]:80", "CHECK_TCP"],
      ["script", "true", "CHECK_SCRIPT"],
      ["service", "web/app", "keepalived.check.service"],
    ]);
    expect(groups["main"]?.checks[0]?.reason).toContain("for 198.51.100.50");
  });

  it("are marked as kept where one of them cannot be read", () => {
    const { groups } = explainCase({ env: VIP, keepalived: { check: { ports: "80x", rise: 9 } } });

    expect(groups["main"]).toMatchObject({ state: "used", areChecksKept: true, checks: [] });
    expect(groups["main"]?.values["CHECK_PORT"]?.refused).toMatchObject([{ value: "80x" }]);
  });
});

describe("a group whose settings cannot be used", () => {
  const web = { virtual_ip: "198.51.100.101", vrid: 101 };
  const db = { virtual_ip: "198.51.100.102" };

  it("is named with its problem, and left out where it never ran", () => {
    const { groups, refused, problem } = explainCase({
      keepalived: { instances: { web: { ...web, vrid: 0 }, db } },
    });

    expect([groups["web"]?.state, groups["db"]?.state]).toEqual(["left-out", "used"]);
    expect(refused).toMatchObject([{ group: "web", code: "SETTING_REFUSED" }]);
    expect(problem).toBeUndefined();
    expect(summaryOf(groups["web"]?.values["INTERFACE"])).toBe(
      "null default INTERFACE: not derived, as the group is refused",
    );
    expect(groups["web"]?.peers).toEqual([]);
  });

  it("is kept as it was where it runs", () => {
    const { groups } = explainCase({
      keepalived: { instances: { web: { ...web, vrid: 0 }, db } },
      inForce: instancesOf({ instances: { web, db } }),
    });

    expect(groups["web"]?.state).toBe("kept");
  });

  it("keeps its derived values where it conflicts with another group", () => {
    const { groups, refused } = explainCase({ keepalived: { instances: { db: web, web } } });

    expect(refused).toMatchObject([
      { group: "db", code: "GROUP_CONFLICT" },
      { group: "web", code: "GROUP_CONFLICT" },
    ]);
    expect(summaryOf(groups["web"]?.values["INTERFACE"])).toContain("eth0");
  });

  it("is explained even where it is the only one, or where its name cannot be used", () => {
    const alone = explainCase({ keepalived: { instances: { web: { vrid: 1 } } } });
    const badName = explainCase({ keepalived: { instances: { "a b": web, db } } });

    expect(alone.problem?.code).toBe("VIP_MISSING");
    expect(summaryOf(alone.groups["web"]?.values["VIRTUAL_IP"])).toBe("null default VIRTUAL_IP: required");
    expect(badName.refused).toMatchObject([{ group: "a b", code: "SETTING_REFUSED" }]);
    expect(Object.keys(badName.groups)).toEqual(["db"]);
  });

  it("lists values that belong to no setting as refused", () => {
    const { groups } = explainCase({ env: VIP, keepalived: { vrud: 5 } });

    expect(groups["main"]?.refused).toMatchObject([{ source: { name: "keepalived.vrud" } }]);
  });
});

it("gives advice once: on a source that the other hosts do not expect, and on adverts that are too frequent", () => {
  const { advice } = explainCase({
    env: { ADVERT_INTERVAL: "0.05", VRRP_SCHEDULING: "normal" },
    agentIp: "192.0.2.7",
    others: [host(2)],
    keepalived: {
      instances: { web: { virtual_ip: "198.51.100.101" }, db: { virtual_ip: "198.51.100.102" } },
    },
  });

  expect(advice).toEqual([
    expect.stringContaining("ADVERT_INTERVAL (environment) is 0.05 s"),
    expect.stringContaining("keepalived.address=198.51.100.11"),
  ]);
});
