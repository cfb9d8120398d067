/** A setting that cannot be used: where it is, what is there, and what must be there instead. */
import { AgentError } from "../errors.ts";
import { escapeText, HIDDEN } from "../text/escape.ts";
import { PLACE_NAMES, type Source } from "./source.ts";

export interface SettingProblem {
  readonly source: Source;
  /** The refused value, safe to show: escaped, shortened, and `HIDDEN` if it is or may be a secret. */
  readonly value: string;
  /** What the value must be, as a noun phrase (`1-255`), or `nothingAllowed(reason)`. */
  readonly allowed: string;
  /** Name of the setting that it concerns (`settingName`); absent if it concerns none. */
  readonly setting?: string;
}

/** Settings of the environment that cannot be used. None of the environment has taken effect. */
export class SettingsError extends AgentError {
  override readonly name = "SettingsError";
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    super("SETTINGS_INVALID", problems.map(describeProblem).join("\n"));
    this.problems = problems;
  }
}

const NOTHING = "nothing: ";

/** The `allowed` of a key that must not be set at its place, whatever its value. */
export function nothingAllowed(reason: string): string {
  return `${NOTHING}${reason}`;
}

/** One line: `VRID="0" (environment): must be 1-255`. */
export function describeProblem({ source, value, allowed }: SettingProblem): string {
  const shown = value === HIDDEN ? value : `"${value}"`;
  const demand = allowed.startsWith(NOTHING) ? allowed.slice(NOTHING.length) : `must be ${allowed}`;
  return `${escapeText(source.name)}=${shown} (${PLACE_NAMES[source.kind]}): ${demand}`;
}
