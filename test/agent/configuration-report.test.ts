import { pino } from "pino";
import { expect, it } from "vitest";
import { createConfigurationReport } from "../../src/agent/configuration-report.ts";
import { AgentError } from "../../src/errors.ts";
import type { StatusStore } from "../../src/status/io/store.ts";

const WEB = new AgentError("VIP_MISSING", "no virtual IP is set anywhere");
const DB = new AgentError("INTERFACE_UNKNOWN", "interface eth9 does not exist");

/** The code of the problem that is reported; undefined where all is well. */
function reported(refusals: Record<string, AgentError>, failure?: AgentError): string | undefined {
  let code: string | undefined = "nothing is reported";
  const report = {
    ok: () => (code = undefined),
    problem: (error: AgentError) => (code = error.code),
  };
  const store = { reportOf: () => report } as unknown as StatusStore;
  const { refused } = createConfigurationReport(store, pino({ level: "silent" }));
  refused({ refusals: new Map(Object.entries(refusals)), failure });
  return code;
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
