/**
 * The settings of one VRRP group. For each value the places are tried in this order: environment, the group's own label,
 * the label for all groups, the group's own metadata, the metadata for all groups, default. A bad label or metadata value
 * is a problem and never an error, because it arrives while VIPs are in use.
 */
import { readLabels } from "./labels.ts";
import { readMetadata } from "./metadata-keys.ts";
import { mergeWithDefaults } from "./precedence.ts";
import type { SettingProblem } from "./problem.ts";
import type { PlaceReading, Row } from "./row.ts";
import type { Settings } from "./settings.ts";
import { describeSource, type Sourced } from "./source.ts";
import { GROUP_ROWS, type GroupLayer, type GroupSettings } from "./table.ts";

/**
 * The shortest grace that bridges some readings in which metadata lacks a peer. Where peers are heard, no grace from 0
 * to 30 s made two owners on real keepalived. A host that cannot hear or ask has only metadata.
 */
const SAFE_GRACE_SECONDS = 3;

/** The settings of a group, and what an operator should know about them. */
export interface ResolvedGroup {
  readonly group: GroupSettings;
  /** The usable values of each place, the highest first. `group` has the first that agrees with the other settings. */
  readonly layers: readonly GroupLayer[];
  readonly problems: readonly SettingProblem[];
  /** Problems of group-wide settings. With one of them the group must stay as it was. */
  readonly blocking: readonly SettingProblem[];
  /** Problems of settings of the checks. With one of them the checks must stay as they were. */
  readonly blockingChecks: readonly SettingProblem[];
  /** Sentences on values that work but are not advisable. */
  readonly warnings: readonly string[];
}

/**
 * The settings of the group `name` on a host with `labels`, in a service with `metadata`. Never throws. Problems of keys
 * for all groups are reported for each group.
 */
export function resolveGroup(
  name: string,
  settings: Settings,
  labels: Readonly<Record<string, string>>,
  metadata: unknown,
): ResolvedGroup {
  const fromMetadata = readMetadata(name, metadata);
  const fromLabels = readLabels(name, labels, fromMetadata.groups);
  const readings = [fromLabels.own, fromLabels.shared, fromMetadata.own, fromMetadata.shared];
  const layers = [settings.environment, ...readings.map(({ layer }) => layer)];
  const { group, problems } = mergeWithDefaults(layers);
  return {
    group,
    layers,
    problems: [...readings.flatMap((reading) => reading.problems), ...problems],
    blocking: blockingOf("isGroupWide", settings.environment, readings),
    blockingChecks: blockingOf("isCheck", settings.environment, readings),
    warnings: warningsOf(group, settings),
  };
}

/** Problems of rows with `flag`, except those of settings that a higher place gives. */
function blockingOf(
  flag: "isGroupWide" | "isCheck",
  environment: GroupLayer,
  readings: readonly PlaceReading<typeof GROUP_ROWS>[],
): SettingProblem[] {
  const layers = [environment, ...readings.map(({ layer }) => layer)];
  return readings.flatMap(({ refused }, index) =>
    Object.entries(refused)
      .filter(([key]) => {
        const row: Row = GROUP_ROWS[key as keyof typeof GROUP_ROWS];
        return row[flag] && !layers.slice(0, index + 1).some((layer) => Object.hasOwn(layer, key));
      })
      .map(([, problem]) => problem),
  );
}

/** With real-time priority, adverts this close together are sent and read in time. */
const SAFE_INTERVAL_SECONDS = 0.1;

/**
 * Says that adverts come too close together for a keepalived without real-time priority.
 *
 * @param why it has none.
 * @returns one sentence, or none where the interval is long enough.
 */
export function warnOfShortInterval(interval: Sourced<number>, why: string): string[] {
  if (interval.value >= SAFE_INTERVAL_SECONDS) return [];
  return [
    `${describeSource(interval.source)} is ${interval.value} s, and keepalived runs without real-time priority (${why}): a host that starts many processes may lose its VIPs without cause. At 0.05 s that was measured twice in 2 minutes, at 0.1 s never`,
  ];
}

function warningsOf(group: GroupSettings, settings: Settings): string[] {
  const { advertIntervalSeconds: interval, preempt, preemptDelaySeconds: delay } = group;
  const grace = settings.agentEnvironment.peerRemovalGraceSeconds;
  return [
    ...(delay.value > 0 && !preempt.value
      ? [`${describeSource(delay.source)} has no effect, because PREEMPT is false`]
      : []),
    ...(settings.agent.vrrpScheduling === "normal"
      ? warnOfShortInterval(interval, "VRRP_SCHEDULING is normal")
      : []),
    ...(grace !== undefined && grace.value < SAFE_GRACE_SECONDS
      ? [
          `${describeSource(grace.source)} is ${grace.value} s: below ${SAFE_GRACE_SECONDS} s a peer that is missing from metadata for a moment is removed if this host cannot hear or ask it. It then gets no adverts and may become a second owner`,
        ]
      : []),
  ];
}
