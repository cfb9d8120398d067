/**
 * Merges the layers of one group. For each setting the highest layer that has a value wins. A value that disagrees with
 * one of a row above it in the table is a problem, and the next layer is tried.
 */

import { escapeText, HIDDEN } from "../text/escape.ts";
import { disagreement, isIpv6Group } from "./agreement.ts";
import type { SettingProblem } from "./problem.ts";
import { defaultOf, type Row, settingName } from "./row.ts";
import type { Sourced } from "./source.ts";
import { GROUP_ROWS, type GroupKey, type GroupLayer, type GroupSettings, type GroupValue } from "./table.ts";

type Chosen = { -readonly [K in GroupKey]?: GroupLayer[K] };

/** Values that agree with each other, without defaults. @param layers the highest first. */
export function mergeLayers(layers: readonly GroupLayer[]): {
  merged: GroupLayer;
  problems: readonly SettingProblem[];
} {
  return merge(layers, () => undefined);
}

/** Values that agree with each other; a setting that no layer gives has its default. @param layers the highest first. */
export function mergeWithDefaults(layers: readonly GroupLayer[]): {
  group: GroupSettings;
  problems: readonly SettingProblem[];
} {
  const hasPassword = layers.some(({ authPass }) => authPass !== undefined);
  const { merged, problems } = merge(layers, (key, chosen) => defaultBeside(key, chosen, hasPassword));
  return { group: merged as GroupSettings, problems };
}

type Default = (key: GroupKey, chosen: GroupLayer) => Sourced<unknown> | undefined;

function merge(layers: readonly GroupLayer[], defaultFor: Default) {
  const chosen: Chosen = {};
  const problems: SettingProblem[] = [];
  for (const key of Object.keys(GROUP_ROWS) as GroupKey[]) {
    const value = choose(key, { layers, chosen, problems }) ?? defaultFor(key, chosen);
    if (value !== undefined) Object.assign(chosen, { [key]: value });
  }
  return { merged: chosen, problems };
}

function choose<K extends GroupKey>(
  key: K,
  {
    layers,
    chosen,
    problems,
  }: { layers: readonly GroupLayer[]; chosen: GroupLayer; problems: SettingProblem[] },
): GroupLayer[K] | undefined {
  const row: Row = GROUP_ROWS[key];
  for (const layer of layers) {
    const candidate: Sourced<GroupValue<K>> | undefined = layer[key];
    if (candidate === undefined) continue;
    const allowed = disagreement(key, candidate.value, chosen);
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

function defaultBeside(
  key: GroupKey,
  chosen: GroupLayer,
  hasPassword: boolean,
): Sourced<unknown> | undefined {
  const row: Row = GROUP_ROWS[key];
  const special = specialDefault(key, chosen, hasPassword);
  const sourced = defaultOf(row, special?.text ?? row.defaultText);
  return sourced && special ? { ...sourced, because: special.because } : sourced;
}

/** The default of a setting that depends on other settings. */
function specialDefault(key: GroupKey, chosen: GroupLayer, hasPassword: boolean) {
  if (key === "vrrpVersion" && hasPassword && !isIpv6Group(chosen)) {
    return { text: "2", because: "as AUTH_PASS is set and VRRPv3 has no passwords" };
  }
  if (key === "advertIntervalSeconds" && chosen.vrrpVersion?.value === 2) {
    return { text: "1", because: "as VRRPv2 counts in whole seconds" };
  }
  return undefined;
}
