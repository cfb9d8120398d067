import { pino } from "pino";
import { expect, it } from "vitest";
import { type ConfigurationReport, createConfigurationReport } from "../../src/agent/configuration-report.ts";
import { AgentError } from "../../src/errors.ts";
import type { StatusStore } from "../../src/status/io/store.ts";

const WEB = new AgentError("VIP_MISSING", "no virtual IP is set anywhere");
const DB = new AgentError("INTERFACE_UNKNOWN", "interface eth9 does not exist");

/** The code of the problem that is reported; undefined where all is well. */
function reported(refusals: Record<string, AgentError>, failure?: AgentError): string | undefined {
  return problemOf(({ refused }) => refused({ refusals: new Map(Object.entries(refusals)), failure }))?.code;
}

function problemOf(
  report: (to: ConfigurationReport) => void,
  notes?: readonly string[],
): AgentError | undefined {
  let problem: AgentError | undefined = new AgentError("USAGE", "nothing is reported");
  const reporter = {
    ok: () => (problem = undefined),
    problem: (error: AgentError) => (problem = error),
  };
  const store = { reportOf: () => reporter } as unknown as StatusStore;
  report(createConfigurationReport(store, pino({ level: "silent" }), notes));
  return problem;
}

it("names the setting of the only group that is refused, and all groups where there are several", () => {
  expect(reported({ web: WEB }, WEB)).toBe("VIP_MISSING");
  expect(reported({ web: WEB })).toBe("GROUP_REFUSED");
  expect(reported({ web: WEB, db: DB }, WEB)).toBe("GROUP_REFUSED");
});

it("names a failure that concerns no group that can be named, and is well where none is refused", () => {
  expect(reported({}, new AgentError("SETTING_REFUSED", "web site"))).toBe("SETTING_REFUSED");
  expect(reported({})).toBeUndefined();
});

it("has a line for each problem, and says once what is wrong with a key for all groups", () => {
  const bad = new AgentError("SETTING_REFUSED", "keepalived.vrid is bad\nkeepalived.interface is bad");
  const refusals = new Map([
    ["db", bad],
    ["mail", DB],
    ["web", bad],
  ]);

  expect(problemOf(({ refused }) => refused({ refusals, failure: undefined }))?.message.split("\n")).toEqual([
    "groups db, web: keepalived.vrid is bad (SETTING_REFUSED)",
    "groups db, web: keepalived.interface is bad (SETTING_REFUSED)",
    "group mail: interface eth9 does not exist (INTERFACE_UNKNOWN)",
  ]);
});

it("has a line for each advice", () => {
  expect(problemOf(({ advise }) => advise(["one", "two"]))).toBe("one\ntwo");
  expect(problemOf(({ advise }) => advise(["one"]), ["a note"])).toBe("a note\none");
  expect(problemOf(({ advise }) => advise([]), ["a note"])).toBe("a note");
  expect(problemOf(() => undefined, ["a note"])).toBe("a note");
  expect(problemOf(({ advise }) => advise([]))).toBeUndefined();
});

it("is well again once a configuration is applied, although what follows may hang on a disk", () => {
  const status = { configuration: { appliedCount: 0 } };
  let problem: AgentError | undefined;
  const reporter = {
    ok: () => (problem = undefined),
    problem: (error: AgentError) => (problem = error),
  };
  const store = { status, update: () => undefined, reportOf: () => reporter } as unknown as StatusStore;
  const report = createConfigurationReport(store, pino({ level: "silent" }));

  report.failed(new AgentError("RELOAD_UNCONFIRMED", "it took too long"), undefined);
  expect(problem?.code).toBe("RELOAD_UNCONFIRMED");
  report.applied({ routerId: "host", instances: [] }, [], 5);
  expect(problem).toBeUndefined();
});
