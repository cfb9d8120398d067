/** A setting that cannot be used: where it is, what is there, and what must be there instead, or why it must be absent. */
import { AgentError } from "../errors.ts";
import { escapeText, HIDDEN } from "../text/escape.ts";
import { PLACE_NAMES, type Source } from "./source.ts";

interface RefusedSetting {
  readonly source: Source;
  /** The refused value, safe to show: escaped, shortened, and `HIDDEN` if it is or may be a secret. */
  readonly value: string;
  /** Name of the setting that it concerns (`settingName`); absent if it concerns none. */
  readonly setting?: string;
}

/** A value that must be another one. */
export interface ValueProblem extends RefusedSetting {
  /** What it must be, as a noun phrase: `1-255`. */
  readonly allowed: string;
}

/** A key that must not be set at its place, whatever its value. */
export interface KeyProblem extends RefusedSetting {
  /** As in `unknown key; did you mean keepalived.vrid?`. */
  readonly why: string;
}

export type SettingProblem = ValueProblem | KeyProblem;

/** Settings of the environment that cannot be used. None of the environment has taken effect. */
export class SettingsError extends AgentError {
  override readonly name = "SettingsError";
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    super("SETTINGS_INVALID", problems.map(describeProblem).join("\n"));
    this.problems = problems;
  }
}

/** One line: `VRID="0" (environment): must be 1-255`. */
export function describeProblem(
  problem: Omit<ValueProblem, "setting"> | Omit<KeyProblem, "setting">,
): string {
  const { source, value } = problem;
  const shown = value === HIDDEN ? value : `"${value}"`;
  const demand = "why" in problem ? problem.why : `must be ${problem.allowed}`;
  return `${escapeText(source.name)}=${shown} (${PLACE_NAMES[source.kind]}): ${demand}`;
}
