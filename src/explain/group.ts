/** One group of an explanation: every value of its settings, its peers and its checks. */

import type { GroupResult } from "../groups/group-result.ts";
import type { Snapshot } from "../metadata/snapshot.ts";
import { type Row, settingName } from "../settings/row.ts";
import type { Settings } from "../settings/settings.ts";
import { GROUP_ROWS, type GroupKey } from "../settings/table.ts";
import { type ExplainedCheck, explainChecks } from "./checks.ts";
import { remarkOn } from "./derived.ts";
import { type ExplainedPeer, explainPeers } from "./peers.ts";
import {
  derivedValue,
  type ExplainedValue,
  explainSetting,
  type RefusedValue,
  withoutSetting,
} from "./value.ts";

export interface ExplainedGroup {
  /** `used` as it is set, `kept` as it was before, or `left-out` of the conf. */
  readonly state: GroupState;
  /** By the names of the settings, in the order of README's table. */
  readonly values: Readonly<Record<string, ExplainedValue>>;
  readonly peers: readonly ExplainedPeer[];
  /** All must be true of a host that owns the VIPs. */
  readonly checks: readonly ExplainedCheck[];
  /** What was checked before goes on being checked, because a value of the checks cannot be used. */
  readonly areChecksKept: boolean;
  /** What stands at its places and belongs to no setting. */
  readonly refused: readonly RefusedValue[];
}

export type GroupState = "used" | "kept" | "left-out";

export function explainGroup(
  result: GroupResult,
  state: GroupState,
  { settings, snapshot }: { settings: Settings; snapshot: Snapshot },
): ExplainedGroup {
  const { resolved, context } = result;
  const derived = result.phase === "derived" ? result.derived : undefined;
  const { group, problems, blockingChecks } = resolved;
  const remarks = remarkOn(group, context, derived);
  const values = (Object.keys(GROUP_ROWS) as GroupKey[]).map((key) => {
    const row: Row = GROUP_ROWS[key];
    const candidates = resolved.layers.flatMap((layer) => layer[key] ?? []);
    const known = explainSetting(row, { winner: group[key], candidates, problems });
    const remark = remarks[key];
    if (remark === undefined) return [settingName(row), known] as const;
    const { value = known.value, reason, isDerived } = remark;
    const told = isDerived ? derivedValue(known, row, value, reason) : { ...known, value, reason };
    return [settingName(row), told] as const;
  });
  const graceSeconds = settings.agent.peerRemovalGraceSeconds;
  return {
    state,
    values: Object.fromEntries(values),
    peers: derived === undefined ? [] : explainPeers(derived, { settings: group, snapshot, graceSeconds }),
    checks: blockingChecks.length > 0 ? [] : explainChecks(group, settings.agent.checkScript),
    areChecksKept: blockingChecks.length > 0,
    refused: problems.filter(({ setting }) => setting === undefined).map(withoutSetting),
  };
}
