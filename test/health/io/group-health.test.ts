import pino from "pino";
import { afterEach, expect, it } from "vitest";
import { AgentError } from "../../../src/errors.ts";
import { openGroupHealth } from "../../../src/health/io/group-health.ts";
import type { Check, HealthPlan } from "../../../src/health/plan.ts";
import type { ProbeOutcome } from "../../../src/health/probe-outcome.ts";
import type { HealthStatus } from "../../../src/health/status.ts";

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

const HTTP: Check = {
  kind: "http",
  probe: { url: "http://127.0.0.1/", statuses: [200, 399], hostHeader: undefined },
};
const TCP: Check = { kind: "tcp", endpoint: { host: "127.0.0.1", port: 80 } };
const PLAN: HealthPlan = {
  drainedBy: undefined,
  checks: [HTTP],
  timeoutMs: 100,
  pace: { rise: 2, fall: 2, intervalMs: 20, recheckMs: 10, unknownGraceMs: 100 },
};

function stage(first: ProbeOutcome["sample"] = "healthy") {
  const stop = new AbortController();
  stops.push(stop);
  const written: boolean[] = [];
  const statuses: HealthStatus[] = [];
  const samples = new Map<string, ProbeOutcome["sample"]>();
  const troubles: (AgentError | undefined)[] = [];
  const faults: { write?: AgentError; look?: Error; isNotJudged?: boolean } = {};
  let wake: (() => void) | undefined;
  let isForgotten = false;
  const stuck: boolean[] = [];
  const health = openGroupHealth({
    group: "main",
    trackFile: {
      set: async (isHealthy) => {
        if (faults.write !== undefined) throw faults.write;
        if (isForgotten || written.at(-1) !== isHealthy) written.push(isHealthy);
        isForgotten = false;
        wake?.();
      },
      invalidate: () => {
        isForgotten = true;
      },
    },
    probe: async ({ kind }) => {
      if (faults.look !== undefined) throw faults.look;
      const sample = samples.get(kind) ?? first;
      return { sample, reason: sample, ...(faults.isNotJudged === true && { isNotJudged: true }) };
    },
    onStatus: (status) => statuses.push(status),
    onUnenforced: (isStuck) => void stuck.push(isStuck),
    onProblem: (trouble) => troubles.push(trouble),
    log: pino({ level: "silent" }),
    signal: stop.signal,
  });
  const until = async (...want: boolean[]) => {
    while (written.join() !== want.join()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const say = (kind: Check["kind"], sample: ProbeOutcome["sample"]) => samples.set(kind, sample);
  return { health, written, statuses, stuck, troubles, faults, until, say };
}

it("is healthy at once where nothing is checked", async () => {
  const { health, written } = stage();
  health.setPlan({ ...PLAN, checks: [] });

  expect(written).toEqual([true]);
});

it("is unhealthy before the first verdict, and healthy after rise good probes", async () => {
  const { health, written, until } = stage();
  health.setPlan(PLAN);

  expect(written).toEqual([false]);
  await until(false, true);
});

it("falls with one of several checks, and says which", async () => {
  const { health, until, say, statuses } = stage();
  health.setPlan({ ...PLAN, checks: [HTTP, TCP] });
  await until(false, true);

  say("tcp", "unhealthy");
  await until(false, true, false);

  expect(statuses.at(-1)?.checks).toMatchObject([
    { name: "http", verdict: "healthy" },
    { name: "tcp", verdict: "unhealthy", reason: "unhealthy" },
  ]);
});

it("takes no VIP away because the result of a check is unknown", async () => {
  const { health, until, say, statuses, troubles, written } = stage();
  health.setPlan(PLAN);
  await until(false, true);

  say("http", "unknown");
  await expect.poll(() => statuses.at(-1)?.checks[0]?.verdict).toBe("unknown");

  expect(troubles.at(-1)).toMatchObject({ code: "HEALTH_UNKNOWN" });
  expect(written).toEqual([false, true]);
  say("http", "healthy");
  await expect.poll(() => troubles.at(-1)).toBeUndefined();
  expect(written).toEqual([false, true]);
});

it("may own its VIPs after the grace where nothing was known from the start, and says so", async () => {
  const { health, until, say, statuses, troubles } = stage("unknown");
  health.setPlan(PLAN);

  await until(false, true);
  expect(statuses.at(-1)).toMatchObject({ isHealthy: true, checks: [{ verdict: "unknown" }] });
  await expect.poll(() => troubles.at(-1)).toMatchObject({ code: "HEALTH_UNKNOWN" });
  say("http", "unhealthy");
  await until(false, true, false);
});

it("owns its VIPs by a check that passes without a judgement, shows it as unknown, and has no problem", async () => {
  const { health, until, faults, statuses, troubles } = stage();
  faults.isNotJudged = true;
  health.setPlan(PLAN);

  await until(false, true);
  expect(statuses.at(-1)).toMatchObject({ isHealthy: true, checks: [{ verdict: "unknown" }] });
  faults.isNotJudged = false;
  await expect.poll(() => statuses.at(-1)?.checks[0]?.verdict).toBe("healthy");
  expect(troubles.filter(Boolean)).toEqual([]);
});

it("writes again what could not be written, and says so meanwhile", async () => {
  const { health, until, troubles, faults } = stage();
  health.setPlan(PLAN);
  await until(false, true);
  faults.write = new AgentError("CONF_UNWRITABLE", "disk full");

  health.setPlan({ ...PLAN, drainedBy: "keepalived.drain (host label)" });
  await expect.poll(() => troubles.at(-1)?.code).toBe("CONF_UNWRITABLE");
  delete faults.write;

  await until(false, true, false);
  await expect.poll(() => troubles.at(-1)).toBeUndefined();
});

it("goes on probing after a probe that failed because of a fault in the agent", async () => {
  const { health, until, statuses, say, faults } = stage();
  health.setPlan(PLAN);
  await until(false, true);
  faults.look = new TypeError("ours");
  await expect.poll(() => statuses.at(-1)?.checks[0]?.reason).toBe("probe failed");
  delete faults.look;

  say("http", "unhealthy");
  await until(false, true, false);
});

it("keeps the VIPs away while it is held back, whatever the checks say", async () => {
  const { health, until, statuses } = stage();
  health.setPlan(PLAN);
  await until(false, true);

  health.setHold("its owner comes first");
  await until(false, true, false);
  expect(statuses.at(-1)).toMatchObject({ isHealthy: true, heldBy: "its owner comes first" });
  health.setHold(undefined);
  await until(false, true, false, true);
});

it("is held back until the last of several reasons is gone", async () => {
  const { health, until, statuses } = stage();
  health.setPlan(PLAN);
  await until(false, true);

  health.setHold("its source is gone", "source");
  health.setHold("its owner comes first");
  await until(false, true, false);
  health.setHold(undefined, "source");
  expect(statuses.at(-1)).toMatchObject({ heldBy: "its owner comes first" });
  health.setHold(undefined);
  await until(false, true, false, true);
});

it("probes at once, and only the checks that are named", async () => {
  const { health, until, say } = stage("healthy");
  health.setPlan({ ...PLAN, checks: [HTTP, TCP], pace: { ...PLAN.pace, rise: 1, intervalMs: 3_600_000 } });
  await until(false, true);
  const slow = { ...PLAN, checks: [HTTP, TCP], pace: { ...PLAN.pace, intervalMs: 3_600_000 } };
  health.setPlan(slow);

  say("http", "unhealthy");
  say("tcp", "unhealthy");
  health.probeNow(["http"]);

  await until(false, true, false);
});

it("takes no VIP away for a check that is added, before it has failed", async () => {
  const { health, until, say, written } = stage();
  health.setPlan(PLAN);
  await until(false, true);

  health.setPlan({ ...PLAN, checks: [HTTP, TCP] });
  expect(written).toEqual([false, true]);
  say("tcp", "unhealthy");
  await until(false, true, false);
});

it("gives the VIPs away when the host is drained, and takes part again after", async () => {
  const { health, until, written } = stage();
  health.setPlan(PLAN);
  await until(false, true);

  health.setPlan({ ...PLAN, drainedBy: "keepalived.drain (host label)" });
  expect(written).toEqual([false, true, false]);
  health.setPlan(PLAN);
  expect(written).toEqual([false, true, false, true]);
});

it("knows nothing any more after the agent was frozen, and starts anew", async () => {
  const { health, until } = stage();
  health.setPlan(PLAN);
  await until(false, true);

  health.reset();
  await until(false, true, false, true);
});

it("says so anew after the agent was frozen where nothing is checked", () => {
  const { health, written } = stage();
  health.setPlan({ ...PLAN, checks: [] });
  health.reset();

  expect(written).toEqual([true, false, true]);
});

it("writes its file again where it may have been changed, and only then", () => {
  const { health, written } = stage();
  health.setPlan({ ...PLAN, checks: [] });
  health.setPlan({ ...PLAN, checks: [], drainedBy: undefined });
  expect(written).toEqual([true]);

  health.restoreTrackFile();

  expect(written).toEqual([true, true]);
});

it("says that it is stuck where its file cannot be made to say no, and not for a yes", async () => {
  const { health, until, stuck, troubles, faults } = stage();
  faults.write = new AgentError("CONF_UNWRITABLE", "read-only");
  health.setPlan({ ...PLAN, checks: [] });
  await expect.poll(() => stuck).toEqual([false]);
  delete faults.write;
  await until(true);
  await expect.poll(() => troubles.at(-1)).toBeUndefined();

  faults.write = new AgentError("CONF_UNWRITABLE", "read-only");
  health.setDrain(true);
  await expect.poll(() => stuck.at(-1)).toBe(true);

  delete faults.write;
  await expect.poll(() => stuck.at(-1)).toBe(false);
});
