import { expect, it } from "vitest";
import { concludeTargets, ofServedPort, type TargetFinding } from "../../src/health/target-outcome.ts";

const to = "10.42.1.2:80";
const port = "80/tcp";
const FAULT = { reason: "no-route", detail: "there is no route to 10.42.1.2" } as const;
const ACCEPTS: TargetFinding = { port, phase: "accepts", to };
const NEVER = {
  port: "443/tcp",
  phase: "never-accepted",
  to,
  reason: "connection refused",
  forMs: 1_000,
} as const satisfies TargetFinding;
const FAILED: TargetFinding = {
  port,
  phase: "failed",
  to,
  outcome: { sample: "unhealthy", reason: "connection refused" },
};
const NOT_ASKED: TargetFinding = { ...FAILED, outcome: { sample: "unknown", reason: "not asked: EMFILE" } };

it.each<{ findings: TargetFinding[]; sample: string; reason: string }>([
  { findings: [], sample: "healthy", reason: "no-target (no port is published)" },
  { findings: [ACCEPTS], sample: "healthy", reason: "80/tcp: target-accepts (10.42.1.2:80)" },
  {
    findings: [{ port: "80/udp", phase: "reachable", to }, ACCEPTS],
    sample: "healthy",
    reason: "80/tcp: target-accepts (10.42.1.2:80)",
  },
  {
    findings: [ACCEPTS, NEVER],
    sample: "healthy",
    reason:
      "443/tcp: target-never-accepted (10.42.1.2:80: connection refused; this does not make the host unhealthy)",
  },
  {
    findings: [ACCEPTS, NEVER, FAILED],
    sample: "unhealthy",
    reason: "80/tcp: target-failed (10.42.1.2:80: connection refused)",
  },
  {
    findings: [NOT_ASKED],
    sample: "unknown",
    reason: "80/tcp: target-failed (10.42.1.2:80: not asked: EMFILE)",
  },
  {
    findings: [FAILED, { port: "53/udp", phase: "cut-off", fault: FAULT, isNew: true }],
    sample: "unhealthy",
    reason: "53/udp: no-route (there is no route to 10.42.1.2)",
  },
  {
    findings: [{ port, phase: "not-tried", why: "being tried" }],
    sample: "healthy",
    reason: "80/tcp: target-not-tried (being tried)",
  },
])("$reason", ({ findings, sample, reason }) => {
  expect(concludeTargets(findings)).toMatchObject({ sample, reason });
});

it("lets a target that failed outweigh one that could not be asked", () => {
  expect(concludeTargets([NOT_ASKED, FAILED]).sample).toBe("unhealthy");
});

it("asks a well program no more than once a second", () => {
  expect(concludeTargets([ACCEPTS]).minPauseMs).toBe(1_000);
});

it("advises on a program that has answered nobody for 30 s, beside a fault too", () => {
  expect(concludeTargets([NEVER]).advice).toBeUndefined();
  const advice = "this host has never got an answer behind port 443/tcp (10.42.1.2:80: connection refused). ";
  for (const others of [[], [FAILED]])
    expect(concludeTargets([...others, { ...NEVER, forMs: 30_000 }]).advice).toContain(advice);
});

it("does not hold what cuts a target off against a host where it was so from the start, and advises", () => {
  const never = { port: "80/tcp", phase: "cut-off", fault: FAULT, isNew: false } as const;

  expect(concludeTargets([never])).toMatchObject({
    sample: "healthy",
    reason: expect.stringMatching(/^80\/tcp: no-route .*this does not make the host unhealthy/),
    advice: "clients of port 80/tcp are not served: there is no route to 10.42.1.2",
  });
});

it("holds a target that never accepts against a host that served its port before, once a program had the time to start", () => {
  expect(ofServedPort(NEVER)).toBe(NEVER);
  expect(concludeTargets([ofServedPort({ ...NEVER, forMs: 30_000 })])).toMatchObject({
    sample: "unhealthy",
    reason:
      "443/tcp: target-failed (10.42.1.2:80: connection refused; another target served the port before)",
  });
});

it("holds what cuts a new target off against a host that served its port before", () => {
  const cutOff = { port, phase: "cut-off", fault: FAULT, isNew: false } as const;
  expect(concludeTargets([ofServedPort(cutOff)]).sample).toBe("unhealthy");
  expect(ofServedPort(ACCEPTS)).toBe(ACCEPTS);
});
