/**
 * The environment becomes Settings once, at the start. A bad environment is refused as a whole, before the agent touches
 * anything on the host.
 */

import { byName } from "../text/by-name.ts";
import { escapeText } from "../text/escape.ts";
import { noteNearVariables } from "./near-variables.ts";
import { mergeLayers } from "./precedence.ts";
import { SettingsError } from "./problem.ts";
import { defaultOf, type PlaceReading, type Row, type Rows, readRows } from "./row.ts";
import { type AgentLayer, type AgentSettings, GROUP_ROWS, type GroupLayer } from "./table.ts";
import { AGENT_ROWS } from "./table-agent.ts";

export interface Settings {
  readonly agent: AgentSettings;
  /** Those values of `agent` that the environment gives; the others are defaults. */
  readonly agentEnvironment: AgentLayer;
  /** The values that the environment gives for all groups. */
  readonly environment: GroupLayer;
  /** Sentences on variables that are no settings and were probably meant to be. */
  readonly notes: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws {SettingsError} that names every variable that cannot be used, and variables that exclude each other. */
export function parseSettings(env: Environment): Settings {
  const agent = readEnvironment(AGENT_ROWS, env);
  const group = readEnvironment(GROUP_ROWS, env);
  const problems = [...group.problems, ...mergeLayers([group.layer]).problems, ...agent.problems];
  if (agent.layer.authPassFile && group.layer.authPass) {
    const { value, source } = agent.layer.authPassFile;
    problems.push({
      source,
      value: escapeText(value),
      allowed: "unset, as AUTH_PASS is set: use only one of the two",
    });
  }
  const settings = {
    agent: withDefaults(agent),
    agentEnvironment: agent.layer,
    environment: group.layer,
    notes: noteNearVariables(env),
  };
  if (
    settings.agent.metadataUrl === undefined &&
    group.layer.virtualIps === undefined &&
    problems.length === 0
  ) {
    const source = { kind: "environment", name: "VIRTUAL_IP" } as const;
    problems.push({ source, value: "", allowed: "at least one address, as METADATA_URL is off" });
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

/**
 * Settings with the password from AUTH_PASS_FILE. Call it before a group is resolved, because the VRRP version depends on
 * the password.
 *
 * @throws {SettingsError} if `text` is no password, or if other settings exclude one.
 */
export function withAuthPass(settings: Settings, text: string): Settings {
  const source = { kind: "environment", name: "AUTH_PASS_FILE" } as const;
  // without its password this host would leave its group and become a second owner
  if (text.trim() === "")
    throw new SettingsError([{ source, value: "(empty)", allowed: "a file with a password" }]);
  const { layer, problems } = readRows({ authPass: GROUP_ROWS.authPass }, () => ({ raw: text, source }));
  const environment = { ...settings.environment, ...layer };
  const all = [...problems, ...mergeLayers([environment]).problems];
  if (all.length > 0) throw new SettingsError(all);
  return { ...settings, environment };
}

function readEnvironment<R extends Rows>(rows: R, env: Environment): PlaceReading<R> {
  return readRows(rows, ({ variable }) =>
    variable === undefined
      ? undefined
      : { raw: env[variable], source: { kind: "environment", name: variable } },
  );
}

function withDefaults({ layer }: PlaceReading<typeof AGENT_ROWS>): AgentSettings {
  const values = Object.entries<Row>(AGENT_ROWS).map(([key, row]) => {
    const sourced = layer[key as keyof AgentSettings] ?? defaultOf(row);
    return [key, sourced?.value] as const;
  });
  return byName<unknown>(values) as unknown as AgentSettings;
}
