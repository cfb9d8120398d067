/** One group of an explanation: every value of its settings, its peers and its checks. */

import type { GroupResult } from "../groups/group-result.ts";
import type { Snapshot } from "../metadata/snapshot.ts";
import { type Row, settingName } from "../settings/row.ts";
import type { Settings } from "../settings/settings.ts";
import { GROUP_ROWS, type GroupKey } from "../settings/table.ts";
import { byName } from "../text/by-name.ts";
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
  /** `used`: as its settings say. `kept`: as it ran before. `left-out`: not in the conf. */
  readonly state: GroupState;
  /** By name of the setting, in the order of the table of settings. */
  readonly values: Readonly<Record<string, ExplainedValue>>;
  readonly peers: readonly ExplainedPeer[];
  /** A host must pass all of them to own the VIPs. */
  readonly checks: readonly ExplainedCheck[];
  /** The earlier checks stay in use, because a value of the checks cannot be used. */
  readonly areChecksKept: boolean;
  /** Values at the group's places that belong to no setting. */
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
    const explained = explainSetting(row, { winner: group[key], candidates, problems });
    const remark = remarks[key];
    if (remark === undefined) return [settingName(row), explained] as const;
    const { value = explained.value, reason, isDerived } = remark;
    const remarked = isDerived
      ? derivedValue(explained, row, value, reason)
      : { ...explained, value, reason };
    return [settingName(row), remarked] as const;
  });
  const graceSeconds = settings.agent.peerRemovalGraceSeconds;
  return {
    state,
    values: byName(values),
    peers: derived === undefined ? [] : explainPeers(derived, { settings: group, snapshot, graceSeconds }),
    checks: blockingChecks.length > 0 ? [] : explainChecks(group, settings.agent.checkScript),
    areChecksKept: blockingChecks.length > 0,
    refused: problems.filter(({ setting }) => setting === undefined).map(withoutSetting),
  };
}
