import { describe, expect, it } from "vitest";
import { describeProblem, SettingsError } from "../../src/settings/problem.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";

const UNSET = parseSettings({});

const ADDRESS = "an IPv4 or IPv6 address of a host";
const LIST = "several are separated by commas or spaces";
const VIPS = `${ADDRESS}, with or without /prefix; ${LIST}`;
const NAME = "an interface name: 1-15 bytes without /, : and white space";
const PASSWORD =
  "1-8 bytes without double quotes, no brace alone, no \\ at the end, no $NAME that keepalived replaces";
const INTERVAL = "0.05-40.95 in steps of 0.01, or with VRRPv2 a whole number from 1 to 255";
const PORTS = `PORT, PORT/tcp or PORT/udp; ${LIST}`;
const HTTP =
  "an http:// or https:// URL without user name and password, which a status or a range such as 200-299 and host=NAME may follow";
const SECONDS = "0.05-3600 in steps of 0.01";
const DIRECTORY = "an absolute path without double quotes and backslashes, not in /proc or /sys";

/** Bad values of a variable, what must be there instead, and the keys of the same setting at the other places. */
const SETTINGS = [
  {
    variable: "VIRTUAL_IP",
    bad: ["198.51.100", "198.51.100.50/33", "127.0.0.1", "fe80::1%eth0", "198.51.100.50 }", "{{ vip }}"],
    allowed: VIPS,
    metadata: "virtual_ip",
  },
  {
    variable: "VIRTUAL_MASK",
    bad: ["129", "-1", "255.255.255.0"],
    allowed: "0-128",
    metadata: "virtual_mask",
  },
  {
    variable: "INTERFACE",
    bad: ["a/b", "eth0:1", "a b", "sixteen-bytes-xx", ".", ".."],
    allowed: NAME,
    metadata: "interface",
    label: "interface",
  },
  { variable: "VRID", bad: ["0", "256", "0x10", "5 6", "1e2"], allowed: "1-255", metadata: "vrid" },
  {
    variable: "PRIORITY",
    bad: ["0", "255", "high", "-1"],
    allowed: "1-254",
    metadata: "priority",
    label: "priority",
  },
  { variable: "VRRP_VERSION", bad: ["1", "v3"], allowed: "2 or 3", metadata: "vrrp_version" },
  {
    variable: "ADVERT_INTERVAL",
    bad: ["0.04", "0.055", "256", ".5", "1s"],
    allowed: INTERVAL,
    metadata: "advert_interval",
  },
  {
    variable: "UNICAST_SRC_IP",
    bad: ["eth0", "0.0.0.0", "198.51.100.11/24"],
    allowed: ADDRESS,
    label: "address",
  },
  {
    variable: "UNICAST_PEERS",
    bad: ["198.51.100.12,198.51.100", "224.0.0.18", "198.51.100.12 min_ttl 1"],
    allowed: `${ADDRESS}; ${LIST}`,
    metadata: "unicast_peers",
  },
  { variable: "CHECK_PORT", bad: ["0", "http", "80/sctp", "80-90"], allowed: PORTS, metadata: "check.ports" },
  { variable: "CHECK_IP", bad: ["all", "10.0.0"], allowed: `any, or ${ADDRESS}`, metadata: "check.ip" },
  { variable: "CHECK_HTTP", bad: ["ftp://x", "http://x 99", "x"], allowed: HTTP, metadata: "check.http" },
  {
    variable: "CHECK_TCP",
    bad: ["80", "127.0.0.1", ":80", "::1:80"],
    allowed: "ADDRESS:PORT, with an IPv6 address in brackets",
    metadata: "check.tcp",
  },
  {
    variable: "CHECK_SERVICE",
    bad: ["web", "web/", "../x"],
    allowed: "STACK/SERVICE, names as Rancher shows them",
    metadata: "check.service",
  },
  { variable: "CHECK_INTERVAL", bad: ["0", "3601", "1e3"], allowed: SECONDS, metadata: "check.interval" },
  { variable: "CHECK_TIMEOUT", bad: ["0.04", "1m"], allowed: SECONDS, metadata: "check.timeout" },
  {
    variable: "PREEMPT",
    bad: ["maybe", "2"],
    allowed: "true or false (or yes/no, on/off, 1/0)",
    metadata: "preempt",
  },
  { variable: "IPTABLES_BACKEND", bad: ["x", "nft,legacy"], allowed: "one of auto, nft, legacy" },
  { variable: "CHECK_RISE", bad: ["0", "1001", "1.5"], allowed: "1-1000", metadata: "check.rise" },
  { variable: "CHECK_FALL", bad: ["0", "1001", "three"], allowed: "1-1000", metadata: "check.fall" },
] as const satisfies readonly Refused[];

interface Refused {
  readonly variable: string;
  readonly bad: readonly string[];
  readonly allowed: string;
  readonly metadata?: string;
  readonly label?: string;
}

/** One row for each bad value, with what must be there instead. */
function rowsOf(key: "variable" | "metadata" | "label") {
  return SETTINGS.flatMap((setting: Refused) => {
    const name = setting[key];
    return name === undefined ? [] : setting.bad.map((value) => ({ name, value, allowed: setting.allowed }));
  });
}

function refusalOf(env: Record<string, string>): string {
  try {
    parseSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}

function problemsOf(labels: Record<string, string>, metadata: unknown): string[] {
  return resolveGroup("main", UNSET, labels, metadata).problems.map(describeProblem);
}

describe("a variable", () => {
  it.each(rowsOf("variable"))("$name=$value is refused", ({ name, value, allowed }) => {
    expect(refusalOf({ [name]: value })).toBe(`${name}="${value}" (environment): must be ${allowed}`);
  });

  it.each(["nine-byte", "€€€", "{", "}", 'a"b', "ab\\", "\\", "$_HASH,", "$_BANG x", `\${_HASH}`])(
    "AUTH_PASS=%s is refused, and not shown",
    (value) => {
      expect(refusalOf({ AUTH_PASS: value })).toBe(`AUTH_PASS=(hidden) (environment): must be ${PASSWORD}`);
    },
  );

  it.each([
    { name: "VIRTUAL_IP", value: "10.0.0.1\ninclude /x", shown: "10.0.0.1\\ninclude /x", allowed: VIPS },
    { name: "INTERFACE", value: "a\u001b[2J", shown: "a\\u001b[2J", allowed: NAME },
    { name: "VRID", value: "5\u00001", shown: "5\\u00001", allowed: "1-255" },
    { name: "CHECK_PORT", value: "80\u2028443", shown: "80\\u2028443", allowed: PORTS },
    { name: "CHECK_SCRIPT", value: "true\u0007", shown: "true\\u0007", allowed: "a command" },
    { name: "STATE_DIR", value: "/run/\ud83d", shown: "/run/\\ud83d", allowed: DIRECTORY },
    {
      name: "VRID",
      value: "9".repeat(2 ** 20),
      shown: `${"9".repeat(80)}...`,
      allowed: "1-255",
      prints: true,
    },
  ])("$name is refused on one short line, as $shown", ({ name, value, shown, allowed, prints }) => {
    const reason = prints ? allowed : `${allowed}; no line breaks or control characters`;

    expect(refusalOf({ [name]: value })).toBe(`${name}="${shown}" (environment): must be ${reason}`);
  });

  it("AUTH_PASS_FILE together with AUTH_PASS is refused, and its path is escaped", () => {
    expect(refusalOf({ AUTH_PASS: "s3cret", AUTH_PASS_FILE: "/run/\u202ex" })).toBe(
      'AUTH_PASS_FILE="/run/\\u202ex" (environment): must be unset, as AUTH_PASS is set: use only one of the two',
    );
  });
});

describe("a host label", () => {
  it.each(rowsOf("label"))("keepalived.$name=$value is refused", ({ name, value, allowed }) => {
    const problem = `="${value}" (host label): must be ${allowed}`;

    expect(problemsOf({ [`keepalived.${name}`]: value }, {})).toEqual([`keepalived.${name}${problem}`]);
    expect(problemsOf({ [`keepalived.main.${name}`]: value }, {})).toEqual([
      `keepalived.main.${name}${problem}`,
    ]);
  });

  it.each(SETTINGS.flatMap((it) => ("metadata" in it && !("label" in it) ? [it] : [])))(
    "never sets $variable",
    ({ variable, metadata, bad: [value] }) => {
      expect(problemsOf({ [`keepalived.${metadata}`]: value }, {})).toEqual([
        `keepalived.${metadata}=(hidden) (host label): cannot be set here; ` +
          `use the environment variable ${variable} or the service metadata keepalived.${metadata}`,
      ]);
    },
  );
});

describe("service metadata", () => {
  it.each(rowsOf("metadata"))("keepalived.$name: $value is refused", ({ name, value, allowed }) => {
    const problem = `="${value}" (service metadata): must be ${allowed}`;

    expect(problemsOf({}, { keepalived: { [name]: value } })).toEqual([`keepalived.${name}${problem}`]);
    expect(problemsOf({}, { keepalived: { instances: { main: { [name]: value } } } })).toEqual([
      `keepalived.instances.main.${name}${problem}`,
    ]);
  });

  it.each([
    {
      why: "YAML's octal",
      given: { vrid: 0o1000 },
      want: 'keepalived.vrid="512" (service metadata): must be 1-255',
    },
    {
      why: "a boolean",
      given: { vrid: true },
      want: 'keepalived.vrid="true" (service metadata): must be 1-255',
    },
    {
      why: "an object",
      given: { vrid: [{}] },
      want: 'keepalived.vrid="{...}" (service metadata): must be 1-255',
    },
    {
      why: "a list for a scalar",
      given: { priority: [1, 2] },
      want: 'keepalived.priority="1,2" (service metadata): must be 1-254',
    },
    {
      why: "a list of lists",
      given: { check: { ports: [[80]] } },
      want: `keepalived.check.ports="{...}" (service metadata): must be ${PORTS}`,
    },
    {
      why: "keys below a value",
      given: { vrid: { value: 5 } },
      want: "keepalived.vrid.value=(hidden) (service metadata): unknown key",
    },
  ])("with $why is refused", ({ given, want }) => {
    expect(problemsOf({}, { keepalived: given })).toEqual([want]);
  });
});

describe("a key that labels and metadata must not have", () => {
  it.each([
    { name: "auth_pass", variable: "AUTH_PASS" },
    { name: "check.script", variable: "CHECK_SCRIPT" },
    { name: "notify_script", variable: "NOTIFY_SCRIPT" },
    { name: "notify.url", variable: "NOTIFY_URL" },
    { name: "template", variable: "TEMPLATE" },
    { name: "state_dir", variable: "STATE_DIR" },
  ])("is keepalived.$name", ({ name, variable }) => {
    const reason = `cannot be set here; use the environment variable ${variable}`;

    expect(problemsOf({ [`keepalived.${name}`]: "x" }, {})).toEqual([
      `keepalived.${name}=(hidden) (host label): ${reason}`,
    ]);
    expect(problemsOf({}, { keepalived: { [name]: "x" } })).toEqual([
      `keepalived.${name}=(hidden) (service metadata): ${reason}`,
    ]);
  });
});
