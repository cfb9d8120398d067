/**
 * The layers of one group become one value each: the highest layer that has it wins, unless its value cannot
 * stand with what rows above it in the table have settled on; then that is a problem, and the next layer is asked.
 */
import { disagreement, isIpv6 } from "./settings-agreement.ts";
import { fallbackOf, type Row } from "./settings-row.ts";
import { HIDDEN, type Problem, type Sourced } from "./settings-source.ts";
import {
  GROUP_ROWS,
  type GroupKey,
  type GroupLayer,
  type GroupSettings,
  type GroupValue,
} from "./settings-table.ts";

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
  const { settled, problems } = settleWith(layers, (key, soFar) =>
    fallbackOf<unknown>(GROUP_ROWS[key], fallbackText(key, soFar, layers)),
  );
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
      value: row.isSecret ? HIDDEN : String(candidate.value),
      allowed,
    });
  }
  return undefined;
}

function fallbackText(key: GroupKey, settled: GroupLayer, layers: readonly GroupLayer[]): string | undefined {
  const hasPassword = layers.some(({ authPass }) => authPass !== undefined);
  if (key === "vrrpVersion" && hasPassword && !isIpv6(settled)) return "2";
  if (key === "advertIntervalSeconds" && settled.vrrpVersion?.value === 2) return "1";
  const row: Row = GROUP_ROWS[key];
  return row.fallback;
}
