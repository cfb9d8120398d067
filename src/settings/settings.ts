/**
 * The environment becomes Settings once; for each group, host labels and service metadata fill what it leaves open.
 *
 * Precedence, value by value: environment, the group's label, the shared label, the group's metadata, the shared
 * metadata, fallback. A bad environment is refused as a whole, before anything on the host is touched. A bad label
 * or metadata value is only a problem to report, because it arrives while VIPs are in use.
 */

import { escapeText } from "../text/escape.ts";
import { readLabels } from "./labels.ts";
import { readMetadata } from "./metadata-keys.ts";
import { settle, settleCompletely } from "./precedence.ts";
import { fallbackOf, type Reading, type Row, type Rows, readRows } from "./row.ts";
import { describeSource, type Problem, SettingsError } from "./source.ts";
import {
  type AgentLayer,
  type AgentSettings,
  GROUP_ROWS,
  type GroupLayer,
  type GroupSettings,
} from "./table.ts";
import { AGENT_ROWS } from "./table-agent.ts";

export type { AgentSettings, GroupLayer, GroupSettings } from "./table.ts";

export interface Settings {
  readonly agent: AgentSettings;
  /** What the environment says of the agent: the values of `agent` that are no fallbacks. */
  readonly agentEnvironment: AgentLayer;
  /** What the environment says of the groups. */
  readonly environment: GroupLayer;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws {SettingsError} naming every variable that cannot be used, and pairs that exclude each other. */
export function parseSettings(env: Environment): Settings {
  const agent = readEnvironment(AGENT_ROWS, env);
  const group = readEnvironment(GROUP_ROWS, env);
  const problems = [...group.problems, ...settle([group.layer]).problems, ...agent.problems];
  if (agent.layer.authPassFile && group.layer.authPass) {
    const { value, source } = agent.layer.authPassFile;
    problems.push({
      source,
      value: escapeText(value),
      allowed: "nothing beside AUTH_PASS: set one of the two",
    });
  }
  const settings = {
    agent: withFallbacks(agent),
    agentEnvironment: agent.layer,
    environment: group.layer,
  };
  if (
    settings.agent.metadataUrl === undefined &&
    group.layer.virtualIps === undefined &&
    problems.length === 0
  ) {
    const source = { kind: "environment", name: "VIRTUAL_IP" } as const;
    problems.push({ source, value: "", allowed: "at least one address where METADATA_URL is off" });
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

/**
 * Settings with the password that AUTH_PASS_FILE holds. It has to be there before a group is resolved: the VRRP
 * version depends on it.
 *
 * @throws {SettingsError} for a text that is no password, and for settings that exclude one.
 */
export function withAuthPass(settings: Settings, text: string): Settings {
  const source = { kind: "environment", name: "AUTH_PASS_FILE" } as const;
  // without a password this host would leave its group, and become a second owner
  if (text.trim() === "")
    throw new SettingsError([{ source, value: "(empty)", allowed: "a file with a password" }]);
  const { layer, problems } = readRows({ authPass: GROUP_ROWS.authPass }, () => ({ raw: text, source }));
  const environment = { ...settings.environment, ...layer };
  const all = [...problems, ...settle([environment]).problems];
  if (all.length > 0) throw new SettingsError(all);
  return { ...settings, environment };
}

/** What a group's settings are, and what an operator should hear about them. */
export interface ResolvedGroup {
  readonly group: GroupSettings;
  /** What each place gave, the highest first: `group` has the first of each value that agrees with the others. */
  readonly layers: readonly GroupLayer[];
  readonly problems: readonly Problem[];
  /** Those of the problems for which no other source may be asked: what was in force must stay. */
  readonly blocking: readonly Problem[];
  /** The same for what is checked. */
  readonly blockingChecks: readonly Problem[];
  /** Values that work and are not wise, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * The settings of the group `name` on the host with `labels`, in a service with `metadata`.
 *
 * Never throws: a value that cannot be used is a problem, and the next source is asked. Problems of keys that
 * groups share are reported for each group.
 */
export function resolveGroup(
  name: string,
  settings: Settings,
  labels: Readonly<Record<string, string>>,
  metadata: unknown,
): ResolvedGroup {
  const fromMetadata = readMetadata(name, metadata);
  const otherGroups = fromMetadata.groups.filter((group) => group !== name);
  const fromLabels = readLabels(name, labels, otherGroups);
  const readings = [fromLabels.own, fromLabels.shared, fromMetadata.own, fromMetadata.shared];
  const layers = [settings.environment, ...readings.map(({ layer }) => layer)];
  const { group, problems } = settleCompletely(layers);
  return {
    group,
    layers,
    problems: [...readings.flatMap((reading) => reading.problems), ...problems],
    blocking: blockingOf("isShared", settings.environment, readings),
    blockingChecks: blockingOf("isGuard", settings.environment, readings),
    warnings: warningsOf(group),
  };
}

/** Refused values of rows of a kind that no higher place overrides. */
function blockingOf(
  kind: "isShared" | "isGuard",
  environment: GroupLayer,
  readings: readonly Reading<typeof GROUP_ROWS>[],
): Problem[] {
  const layers = [environment, ...readings.map(({ layer }) => layer)];
  return readings.flatMap(({ refused }, index) =>
    Object.entries(refused)
      .filter(([key]) => {
        const row: Row = GROUP_ROWS[key as keyof typeof GROUP_ROWS];
        return row[kind] && !layers.slice(0, index + 1).some((layer) => key in layer);
      })
      .map(([, problem]) => problem),
  );
}

function warningsOf({ advertIntervalSeconds: { value, source } }: GroupSettings): string[] {
  return value < 0.1
    ? [`${describeSource(source)} is ${value} s: below 0.1 s a busy host loses its VIPs without cause`]
    : [];
}

function readEnvironment<R extends Rows>(rows: R, env: Environment): Reading<R> {
  return readRows(rows, ({ variable }) =>
    variable === undefined
      ? undefined
      : { raw: env[variable], source: { kind: "environment", name: variable } },
  );
}

function withFallbacks({ layer }: Reading<typeof AGENT_ROWS>): AgentSettings {
  const values = Object.entries<Row>(AGENT_ROWS).map(([key, row]) => {
    const sourced = layer[key as keyof AgentSettings] ?? fallbackOf(row);
    return [key, sourced?.value];
  });
  return Object.fromEntries(values) as AgentSettings;
}
