/** The checks of a group, each with the setting that asks for it. A host must pass all of them to own the VIPs. */

import { type Check, deriveHealthPlan } from "../health/plan.ts";
import type { Source } from "../settings/source.ts";
import type { GroupSettings } from "../settings/table.ts";
import { GROUP_ROWS } from "../settings/table.ts";
import { type ExplainedValue, showValue } from "./value.ts";

export interface ExplainedCheck extends Required<Pick<ExplainedValue, "value" | "reason">> {
  readonly kind: Check["kind"];
  readonly source: Source;
}

/** @param script value of the setting CHECK_SCRIPT. */
export function explainChecks(settings: GroupSettings, script: string | undefined): ExplainedCheck[] {
  const firstVip = settings.virtualIps?.value[0]?.address ?? "any";
  return deriveHealthPlan(settings, { script, firstVip, clientInterface: undefined }).checks.flatMap(
    (check): ExplainedCheck[] => {
      const { kind } = check;
      const reason = conditionOf(check);
      if (check.kind === "script") {
        return [{ kind, value: check.script, source: { kind: "environment", name: "CHECK_SCRIPT" }, reason }];
      }
      const key = SETTING_KEYS[check.kind];
      const setting = settings[key];
      return setting === undefined
        ? []
        : [{ kind, value: showValue(GROUP_ROWS[key], setting.value), source: setting.source, reason }];
    },
  );
}

const SETTING_KEYS = {
  ports: "checkPorts",
  target: "checkTarget",
  http: "checkHttp",
  tcp: "checkTcp",
  service: "checkService",
} as const;

function conditionOf(check: Check): string {
  if (check.kind === "ports") {
    const [address] = new Set(check.questions.map((question) => question.address));
    return `Rancher publishes each on this host for ${address === "any" ? "any address" : address}`;
  }
  return CONDITIONS[check.kind];
}

const CONDITIONS = {
  target: "clients reach the container behind each published port",
  http: "it is answered with one of these statuses",
  tcp: "it accepts a connection",
  script: "it ends with 0",
  service: "a container of it runs on this host, and Rancher itself uses it",
} as const;
