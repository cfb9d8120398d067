/** What must be true of a host that owns the VIPs of a group: its checks, and their pace, as its settings say. */

import type { PortQuestion } from "../ports/published-port.ts";
import { describeSource } from "../settings/source.ts";
import type { GroupSettings } from "../settings/table.ts";
import type { HttpProbe } from "../settings/value-http-probe.ts";
import type { Endpoint } from "../settings/value-network.ts";
import type { ServiceName } from "../settings/value-text.ts";
import type { RiseFall } from "./rise-fall.ts";

/** One check. `kind` is also the name that people see. */
export type Check =
  | { readonly kind: "ports"; readonly questions: readonly PortQuestion[] }
  | { readonly kind: "target"; readonly questions: readonly PortQuestion[] }
  | { readonly kind: "http"; readonly probe: HttpProbe }
  | { readonly kind: "tcp"; readonly endpoint: Endpoint }
  | { readonly kind: "script"; readonly script: string }
  | { readonly kind: "service"; readonly service: ServiceName };

/** The address that ports must be published for, and what decided it. */
export interface CheckAddress {
  readonly address: string;
  readonly by: "setting" | "vip";
}

export interface HealthPlan {
  /** The label or metadata key that drains the host, so that it gives its VIPs away whatever its checks say. */
  readonly drainedBy: string | undefined;
  readonly checks: readonly Check[];
  readonly timeoutMs: number;
  readonly pace: RiseFall;
}

/** The interval while a fall is being decided, unless CHECK_INTERVAL is below it or above its default. */
const RECHECK_MS = 120;
const DEFAULT_INTERVAL_MS = 250;
/** The last verdict is still reported for this long while all samples are unknown. */
const UNKNOWN_GRACE_MS = 15_000;

/** @param firstVip the address where no other one is set. */
export function chooseCheckAddress({ checkIp }: GroupSettings, firstVip: string): CheckAddress {
  if (checkIp !== undefined) return { address: checkIp.value, by: "setting" };
  return { address: firstVip, by: "vip" };
}

/** The address that the ports of a plan must be published for. Undefined where it checks no port. */
export function checkedAddressOf({ checks }: HealthPlan): string | undefined {
  return checks.flatMap((check) => (check.kind === "ports" ? check.questions : []))[0]?.address;
}

export interface HealthPlanContext {
  /** The setting CHECK_SCRIPT, which only the environment can set. */
  readonly script: string | undefined;
  /** The address that the ports must be published for, where no other one is set. */
  readonly firstVip: string;
  /** The interface of the VIPs; undefined while it is not known. */
  readonly clientInterface: string | undefined;
}

export function deriveHealthPlan(
  group: GroupSettings,
  { script, firstVip, clientInterface }: HealthPlanContext,
): HealthPlan {
  const { address } = chooseCheckAddress(group, firstVip);
  const questions = (group.checkPorts?.value ?? []).map(({ protocol, port }) => ({
    protocol,
    port,
    address,
    interface: clientInterface,
  }));
  const checks: Check[] = [];
  if (questions.length > 0) checks.push({ kind: "ports", questions });
  if (questions.length > 0 && group.checkTarget.value) checks.push({ kind: "target", questions });
  if (group.checkHttp) checks.push({ kind: "http", probe: group.checkHttp.value });
  if (group.checkTcp) checks.push({ kind: "tcp", endpoint: group.checkTcp.value });
  if (script !== undefined) checks.push({ kind: "script", script });
  if (group.checkService) checks.push({ kind: "service", service: group.checkService.value });
  const intervalMs = group.checkIntervalSeconds.value * 1_000;
  return {
    drainedBy: group.drain.value ? describeSource(group.drain.source) : undefined,
    checks,
    timeoutMs: group.checkTimeoutSeconds.value * 1_000,
    pace: {
      rise: group.checkRise.value,
      fall: group.checkFall.value,
      intervalMs,
      // an interval above the default also makes the retries slower
      recheckMs: intervalMs <= DEFAULT_INTERVAL_MS ? Math.min(RECHECK_MS, intervalMs) : intervalMs,
      unknownGraceMs: UNKNOWN_GRACE_MS,
    },
  };
}
