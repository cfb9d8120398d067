import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeProblem, type SettingProblem, SettingsError } from "../../src/settings/problem.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings, withAuthPass } from "../../src/settings/settings.ts";
import { ALL_ROWS } from "../../src/settings/table.ts";

const VARIABLES = ALL_ROWS.flatMap((row) => row.variable ?? []);

function problemsOf(action: () => unknown): readonly SettingProblem[] {
  try {
    action();
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** Lines of the SettingsError that an environment leads to. */
function refusalOf(env: Record<string, string>): string[] {
  return problemsOf(() => parseSettings(env)).map(describeProblem);
}

describe("parseSettings", () => {
  it("gives every setting its default in an empty environment", () => {
    const { agent, environment } = parseSettings({});

    expect(environment).toEqual({});
    expect(agent).toMatchObject({
      metadataUrl: "http://169.254.169.250",
      keepalivedConf: "/etc/keepalived/keepalived.conf",
      stateDir: "/run/rancher-keepalived",
      httpListen: { host: "127.0.0.1", port: 9650 },
      iptablesBackend: "auto",
      logLevel: "info",
      peerRemovalGraceSeconds: 30,
    });
  });

  it("treats an empty or blank variable as unset", () => {
    const empty = Object.fromEntries(VARIABLES.map((name, index) => [name, index % 2 ? "" : " \n"]));

    expect(parseSettings(empty)).toEqual(parseSettings({}));
  });

  it("treats what Rancher writes for an answer that was taken back as unset", () => {
    expect(parseSettings(Object.fromEntries(VARIABLES.map((name) => [name, "<nil>"])))).toEqual(
      parseSettings({}),
    );
  });

  it("names the cause of a name that Rancher before 1.6.6 cannot fill in", () => {
    expect(() => parseSettings({ STACK_NAME: "<no value>" })).toThrow(
      /STACK_NAME.*<no value>.*Rancher before 1\.6\.6 writes <no value>: use Rancher 1\.6\.6 or newer/s,
    );
  });

  it("reads every variable of the shell image", () => {
    const { agent, environment } = parseSettings({
      VIRTUAL_IP: "192.168.10.216",
      VIRTUAL_MASK: "24",
      CHECK_IP: "any",
      CHECK_PORT: "80",
      CHECK_SCRIPT: "pidof haproxy",
      VRID: "209",
      INTERFACE: "br-ex",
    });

    const values = Object.entries(environment).map(([key, sourced]) => [key, sourced.value]);
    expect(agent.checkScript).toBe("pidof haproxy");
    expect(Object.fromEntries(values)).toEqual({
      virtualIps: [{ address: "192.168.10.216", prefix: undefined }],
      virtualMask: 24,
      checkIp: "any",
      checkPorts: [{ protocol: "tcp", port: 80 }],
      vrid: 209,
      interface: "br-ex",
    });
  });

  it("names every problem at once, each with its variable, its value and what is allowed", () => {
    const error = (() => {
      try {
        return parseSettings({ VRID: "0", PRIORITY: "255", LOG_LEVEL: "loud" });
      } catch (thrown) {
        return thrown;
      }
    })();

    expect(error).toBeInstanceOf(SettingsError);
    expect(error).toMatchObject({
      code: "SETTINGS_INVALID",
      name: "SettingsError",
      message: [
        'VRID="0" (environment): must be 1-255',
        'PRIORITY="255" (environment): must be 1-254',
        'LOG_LEVEL="loud" (environment): must be one of fatal, error, warn, info, debug, trace, silent',
      ].join("\n"),
    });
  });

  it.each([
    { why: "line breaks", text: "a\nb", shown: "a\\nb" },
    { why: "terminal escapes", text: "a\u001b[2Jb", shown: "a\\u001b[2Jb" },
    { why: "C1 controls", text: "a\u009bb", shown: "a\\u009bb" },
    { why: "line separators", text: "a\u2028b", shown: "a\\u2028b" },
    { why: "half of a surrogate pair", text: "a\ud800b", shown: "a\\ud800b" },
  ])("refuses $why even in a free text, and shows them escaped", ({ text, shown }) => {
    const [line] = refusalOf({ NOTIFY_SCRIPT: text });

    expect(line).toBe(
      `NOTIFY_SCRIPT="${shown}" (environment): must be a command; no line breaks or control characters`,
    );
  });

  it("shortens a long value and escapes one with a hidden direction mark", () => {
    const [vrid, priority] = refusalOf({ VRID: "9".repeat(1000), PRIORITY: "\u202e45" });

    expect(vrid).toBe(`VRID="${"9".repeat(80)}..." (environment): must be 1-255`);
    expect(priority).toBe('PRIORITY="\\u202e45" (environment): must be 1-254');
  });

  it("never shows a secret", () => {
    const [password, url] = refusalOf({ AUTH_PASS: "hunter2-hunter2", NOTIFY_URL: "ftp://hunter2" });

    expect(password).toMatch(/^AUTH_PASS=\(hidden\) \(environment\): must be 1-8 bytes/);
    expect(url).toMatch(/^NOTIFY_URL=\(hidden\) /);
  });

  it("throws only SettingsError, for any environment", () => {
    const value = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("1", "2", "3", "0.2", "off", "any", "10.0.0.1", "2001:db8::1/64", "x/y", "80/udp"),
    );

    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...VARIABLES, "__proto__", "PATH"), value), (env) => {
        try {
          const settings = parseSettings(env);
          expect(() => resolveGroup("main", settings, {}, {})).not.toThrow();
        } catch (error) {
          expect(error).toBeInstanceOf(SettingsError);
          expect((error as SettingsError).problems.length).toBeGreaterThan(0);
          expect((error as SettingsError).message.split("\n")).toHaveLength(
            (error as SettingsError).problems.length,
          );
        }
      }),
    );
  });

  it("does not depend on the order of the environment", () => {
    const value = fc.constantFrom("0", "1", "2", "3", "10.0.0.1", "2001:db8::1", "true");
    const outcome = (env: Record<string, string>) => {
      try {
        return parseSettings(env);
      } catch (error) {
        return (error as SettingsError).problems;
      }
    };

    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...VARIABLES), value), (env) => {
        const reversed = Object.fromEntries(Object.entries(env).toReversed());
        expect(outcome(reversed)).toEqual(outcome(env));
      }),
    );
  });
});

describe("values that must agree", () => {
  it("default to VRRPv2 and 1 s with a password, and to VRRPv3 and 0.2 s without one", () => {
    const withPassword = resolveGroup("main", parseSettings({ AUTH_PASS: "secret" }), {}, {}).group;
    const without = resolveGroup("main", parseSettings({}), {}, {}).group;

    expect(withPassword.vrrpVersion).toEqual({
      value: 2,
      source: { kind: "default", name: "VRRP_VERSION" },
      because: "as AUTH_PASS is set and VRRPv3 has no passwords",
    });
    expect(withPassword.advertIntervalSeconds.value).toBe(1);
    expect(without.vrrpVersion.value).toBe(3);
    expect(without.advertIntervalSeconds.value).toBe(0.2);
  });

  it.each([
    {
      why: "a password with VRRPv3",
      env: { AUTH_PASS: "secret", VRRP_VERSION: "3" },
      says: /^AUTH_PASS=\(hidden\) .* must be unset with VRRPv3, which VRRP_VERSION \(environment\) selects$/,
    },
    {
      why: "a fraction of a second with VRRPv2",
      env: { VRRP_VERSION: "2", ADVERT_INTERVAL: "0.5" },
      says: /^ADVERT_INTERVAL="0.5" .* a whole number from 1 to 255/,
    },
    {
      why: "more than 12 bits of centiseconds with VRRPv3",
      env: { VRRP_VERSION: "3", ADVERT_INTERVAL: "40.96" },
      says: /^ADVERT_INTERVAL="40.96" .* 0.05-40.95/,
    },
    {
      why: "VRRPv2 with IPv6",
      env: { VIRTUAL_IP: "2001:db8::1", VRRP_VERSION: "2" },
      says: /^VRRP_VERSION="2" .* must be 3/,
    },
    {
      why: "a password with IPv6",
      env: { VIRTUAL_IP: "2001:db8::1", AUTH_PASS: "secret" },
      says: /^AUTH_PASS=\(hidden\) .* must be unset/,
    },
    {
      why: "an IPv6 prefix for IPv4 alone",
      env: { VIRTUAL_IP: "10.0.0.1,10.0.0.2", VIRTUAL_MASK: "64" },
      says: /^VIRTUAL_MASK="64" .* must be 0-32/,
    },
    {
      why: "a source of another family than the first VIP",
      env: { VIRTUAL_IP: "10.0.0.1,2001:db8::1", UNICAST_SRC_IP: "2001:db8::2" },
      says: /^UNICAST_SRC_IP="2001:db8::2" .* must be IPv4/,
    },
    {
      why: "peers of another family than the first VIP",
      env: { VIRTUAL_IP: "2001:db8::1", UNICAST_PEERS: "2001:db8::2,10.0.0.2" },
      says: /^UNICAST_PEERS="2001:db8::2,10.0.0.2" .* must be IPv6/,
    },
    {
      why: "a password and a file with one",
      env: { AUTH_PASS: "secret", AUTH_PASS_FILE: "/run/secrets/vrrp" },
      says: /^AUTH_PASS_FILE="\/run\/secrets\/vrrp" .* must be unset, as AUTH_PASS is set/,
    },
  ])("refuses $why", ({ env, says }) => {
    const lines = refusalOf(env);

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(says);
  });

  it("may be any pair that agrees", () => {
    const good = [
      { AUTH_PASS: "secret", VRRP_VERSION: "2", ADVERT_INTERVAL: "255" },
      { VIRTUAL_IP: "10.0.0.1,2001:db8::1", VIRTUAL_MASK: "64", VRRP_VERSION: "2" },
      { VIRTUAL_IP: "2001:db8::1", VRRP_VERSION: "3", UNICAST_SRC_IP: "fe80::1" },
      { ADVERT_INTERVAL: "40.95", VRRP_VERSION: "3" },
    ];

    for (const env of good) expect(() => parseSettings(env)).not.toThrow();
  });

  it("drops a value that disagrees with one from another place, and reports it", () => {
    const settings = parseSettings({ ADVERT_INTERVAL: "100" });

    const v3 = resolveGroup("main", settings, {}, {});
    const v2 = resolveGroup("main", settings, {}, { keepalived: { vrrp_version: 2 } });

    expect(v3.group.advertIntervalSeconds.value).toBe(0.2);
    expect(v3.problems.map(describeProblem)).toEqual([
      'ADVERT_INTERVAL="100" (environment): must be 0.05-40.95, as the VRRP version is 3',
    ]);
    expect(v2.group.advertIntervalSeconds.value).toBe(100);
    expect(v2.problems).toEqual([]);
  });

  it("drops the password, and reports it, if metadata sets VRRPv3", () => {
    const settings = parseSettings({ AUTH_PASS: "secret" });

    const second = resolveGroup("main", settings, {}, { keepalived: { vrrp_version: 2 } });
    const third = resolveGroup("main", settings, {}, { keepalived: { vrrp_version: 3 } });

    expect(second.group).toMatchObject({ authPass: { value: "secret" }, vrrpVersion: { value: 2 } });
    expect(second.problems).toEqual([]);
    expect(third.group).toMatchObject({ vrrpVersion: { value: 3 }, advertIntervalSeconds: { value: 0.2 } });
    expect(third.group.authPass).toBeUndefined();
    expect(third.problems.map(describeProblem)).toEqual([
      "AUTH_PASS=(hidden) (environment): must be unset with VRRPv3, which keepalived.vrrp_version (service metadata) selects",
    ]);
  });

  it("default to VRRPv3 in an IPv6 group of metadata, even with a password", () => {
    const { group } = resolveGroup(
      "main",
      parseSettings({ AUTH_PASS: "secret" }),
      {},
      {
        keepalived: { virtual_ip: "2001:db8::1" },
      },
    );

    expect([group.vrrpVersion.value, group.authPass]).toEqual([3, undefined]);
  });

  it("come with a warning below 0.1 s between adverts where keepalived has no real-time priority", () => {
    const warningsWith = (interval: string, scheduling: string) =>
      resolveGroup("main", parseSettings({ ADVERT_INTERVAL: interval, VRRP_SCHEDULING: scheduling }), {}, {})
        .warnings;

    expect(warningsWith("0.09", "normal")).toEqual([
      expect.stringMatching(/^ADVERT_INTERVAL \(environment\) is 0.09 s, and .*VRRP_SCHEDULING is normal/),
    ]);
    expect([...warningsWith("0.1", "normal"), ...warningsWith("0.05", "realtime")]).toEqual([]);
  });

  it.each([
    {
      env: { PREEMPT_DELAY: "10" },
      warnings: ["PREEMPT_DELAY (environment) has no effect, because PREEMPT is false"],
    },
    { env: { PREEMPT_DELAY: "10", PREEMPT: "true" }, warnings: [] },
    { env: { PREEMPT_DELAY: "0" }, warnings: [] },
  ])("come with a warning where $env has no effect: $warnings", ({ env, warnings }) => {
    expect(resolveGroup("main", parseSettings(env), {}, {}).warnings).toEqual(warnings);
  });

  it("come with a warning where a lapse of metadata may drop a peer", () => {
    const warningsWith = (grace?: string) =>
      resolveGroup("main", parseSettings({ PEER_REMOVAL_GRACE: grace }), {}, {}).warnings;

    for (const grace of ["0", "2.99"]) {
      const [warning] = warningsWith(grace);
      expect(warning).toContain(`PEER_REMOVAL_GRACE (environment) is ${grace} s: below 3 s`);
      expect(warning).toContain("may become a second owner");
    }
    expect([...warningsWith("3"), ...warningsWith()]).toEqual([]);
  });
});

describe("withAuthPass", () => {
  it("adds the password without its line break, and so selects VRRPv2", () => {
    const settings = withAuthPass(parseSettings({ AUTH_PASS_FILE: "/run/secrets/vrrp" }), "secret\n");

    const { group } = resolveGroup("main", settings, {}, {});
    expect(group.authPass).toEqual({
      value: "secret",
      source: { kind: "environment", name: "AUTH_PASS_FILE" },
    });
    expect(group.vrrpVersion.value).toBe(2);
  });

  it.each(["ninebytes", "ééééé", 'quo"te', "{", "a\nb"])("refuses %j, without showing it", (text) => {
    const settings = parseSettings({ AUTH_PASS_FILE: "/run/secrets/vrrp" });

    const lines = problemsOf(() => withAuthPass(settings, text)).map(describeProblem);

    expect(lines).toEqual([expect.stringMatching(/^AUTH_PASS_FILE=\(hidden\) /)]);
  });

  it("refuses a password together with VRRPv3", () => {
    const settings = parseSettings({ AUTH_PASS_FILE: "/run/secrets/vrrp", VRRP_VERSION: "3" });

    expect(problemsOf(() => withAuthPass(settings, "secret"))).toMatchObject([
      { source: { name: "AUTH_PASS_FILE" }, value: "(hidden)" },
    ]);
  });
});
