import { expect, it } from "vitest";
import { checkStep } from "../../src/health/check-steps.ts";
import { PORT_STEPS } from "../../src/health/port-steps.ts";
import { AT } from "../fixtures/status.ts";

const stepOf = (name: string, verdict: "healthy" | "unhealthy" | "unknown", reason: string) =>
  checkStep({ name, verdict, reason, since: AT, onset: AT });

it.each([
  ["ports", "80/tcp: port-not-published (CATTLE_PREROUTING is empty)", "port-not-published"],
  ["ports", "iptables-unusable (iptables-save: timeout)", "iptables-unusable"],
  ["ports", "80/tcp: dnat (10.42.1.2:80); 53/udp: port-not-published", "port-not-published"],
  ["target", "80/tcp: target-failed (10.42.1.2:80: connection refused)", "target-failed"],
] as const)("a failed check %s has the step of its reason: %s", (name, reason, id) => {
  expect(stepOf(name, "unhealthy", reason)).toBe(PORT_STEPS[id]);
});

it.each(["http", "tcp", "script", "service"])("a failed check %s has a step", (name) => {
  expect(stepOf(name, "unhealthy", "connection refused")).toMatch(/\.$/);
});

it("a check that passes has none, and neither has a reason that is not known", () => {
  expect(stepOf("http", "healthy", "200")).toBeUndefined();
  expect(stepOf("ports", "unknown", "not checked yet")).toBeUndefined();
  expect(stepOf("ports", "unknown", "constructor")).toBeUndefined();
});
