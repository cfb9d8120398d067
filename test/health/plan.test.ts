import { expect, it } from "vitest";
import { deriveHealthPlan } from "../../src/health/plan.ts";
import { resolveGroup } from "../../src/settings/resolve-group.ts";
import { parseSettings } from "../../src/settings/settings.ts";

const VIP = "198.51.100.50";
const plan = (env: Record<string, string> = {}, script?: string, vip = VIP) => {
  const settings = parseSettings({ VIRTUAL_IP: vip, ...env });
  return deriveHealthPlan(resolveGroup("main", settings, {}, {}).group, {
    script,
    firstVip: vip,
    clientInterface: "eth0",
  });
};

it("checks nothing where nothing is set", () => {
  expect(plan()).toMatchObject({ drainedBy: undefined, checks: [], timeoutMs: 1_000 });
});

it.each([
  { why: "the VIP", env: {}, vip: VIP, want: VIP },
  { why: "the address that is set", env: { CHECK_IP: "198.51.100.9" }, vip: VIP, want: "198.51.100.9" },
  { why: "any", env: { CHECK_IP: "any" }, vip: VIP, want: "any" },
  { why: "also that of IPv6", env: {}, vip: "2001:db8::50", want: "2001:db8::50" },
])("asks whether the ports are published for $why", ({ env, vip, want }) => {
  const questions = [
    { protocol: "tcp", port: 80, address: want, interface: "eth0" },
    { protocol: "udp", port: 53, address: want, interface: "eth0" },
  ];
  expect(plan({ CHECK_PORT: "80,53/udp", ...env }, undefined, vip).checks).toEqual([
    { kind: "ports", questions },
    { kind: "target", questions },
  ]);
});

it("checks only the rule with CHECK_TARGET=false", () => {
  const { checks } = plan({ CHECK_PORT: "80", CHECK_TARGET: "false" });

  expect(checks.map(({ kind }) => kind)).toEqual(["ports"]);
});

it("holds every check that is set", () => {
  const env = {
    CHECK_PORT: "80",
    CHECK_HTTP: "http://127.0.0.1/",
    CHECK_TCP: "127.0.0.1:80",
    CHECK_SERVICE: "web/lb",
  };

  expect(plan(env, "true").checks.map(({ kind }) => kind)).toEqual([
    "ports",
    "target",
    "http",
    "tcp",
    "script",
    "service",
  ]);
});

it.each([
  { interval: "0.25", recheckMs: 120 },
  { interval: "0.1", recheckMs: 100 },
  { interval: "2", recheckMs: 2_000 },
])("decides a fall at an interval of $interval s by looks $recheckMs ms apart", ({ interval, recheckMs }) => {
  expect(plan({ CHECK_INTERVAL: interval }).pace.recheckMs).toBe(recheckMs);
});
