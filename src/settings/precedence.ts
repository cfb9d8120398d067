/**
 * The layers of one group become one value each: the highest layer that has it wins, unless its value cannot
 * stand with what rows above it in the table have settled on; then that is a problem, and the next layer is asked.
 */

import { escapeText, HIDDEN } from "../text/escape.ts";
import { disagreement, isIpv6Group } from "./agreement.ts";
import { fallbackOf, type Row, settingName } from "./row.ts";
import type { Problem, Sourced } from "./source.ts";
import { GROUP_ROWS, type GroupKey, type GroupLayer, type GroupSettings, type GroupValue } from "./table.ts";

type Settled = { -readonly [K in GroupKey]?: GroupLayer[K] };

/** Values that agree with each other, from `layers` (highest first). Without fallbacks. */
export function settle(layers: readonly GroupLayer[]): { settled: GroupLayer; problems: readonly Problem[] } {
  return settleWith(layers, () => undefined);
}

/** The same, complete: what no layer gives is its fallback. */
export function settleCompletely(layers: readonly GroupLayer[]): {
  group: GroupSettings;
  problems: readonly Problem[];
} {
  const hasPassword = layers.some(({ authPass }) => authPass !== undefined);
  const { settled, problems } = settleWith(layers, (key, soFar) => fallbackIn(key, soFar, hasPassword));
  return { group: settled as GroupSettings, problems };
}

type Fallback = (key: GroupKey, settled: GroupLayer) => Sourced<unknown> | undefined;

function settleWith(layers: readonly GroupLayer[], fallback: Fallback) {
  const settled: Settled = {};
  const problems: Problem[] = [];
  for (const key of Object.keys(GROUP_ROWS) as GroupKey[]) {
    const value = choose(key, { layers, settled, problems }) ?? fallback(key, settled);
    if (value !== undefined) Object.assign(settled, { [key]: value });
  }
  return { settled, problems };
}

function choose<K extends GroupKey>(
  key: K,
  { layers, settled, problems }: { layers: readonly GroupLayer[]; settled: GroupLayer; problems: Problem[] },
): GroupLayer[K] | undefined {
  const row: Row = GROUP_ROWS[key];
  for (const layer of layers) {
    const candidate: Sourced<GroupValue<K>> | undefined = layer[key];
    if (candidate === undefined) continue;
    const allowed = disagreement(key, candidate.value, settled);
    if (allowed === undefined) return layer[key];
    problems.push({
      source: candidate.source,
      value: row.isSecret ? HIDDEN : escapeText(String(candidate.value)),
      allowed,
      setting: settingName(row),
    });
  }
  return undefined;
}

function fallbackIn(key: GroupKey, settled: GroupLayer, hasPassword: boolean): Sourced<unknown> | undefined {
  const row: Row = GROUP_ROWS[key];
  const special = specialFallback(key, settled, hasPassword);
  const fallback = fallbackOf(row, special?.text ?? row.fallback);
  return fallback && special ? { ...fallback, because: special.because } : fallback;
}

function specialFallback(key: GroupKey, settled: GroupLayer, hasPassword: boolean) {
  if (key === "vrrpVersion" && hasPassword && !isIpv6Group(settled)) {
    return { text: "2", because: "as AUTH_PASS is set and VRRPv3 has no passwords" };
  }
  if (key === "advertIntervalSeconds" && settled.vrrpVersion?.value === 2) {
    return { text: "1", because: "as VRRPv2 counts in whole seconds" };
  }
  return undefined;
}
