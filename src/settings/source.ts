/** Where a value came from, and what is wrong with one. */
import { AgentError } from "../errors.ts";
import { escapeText, HIDDEN } from "../text/escape.ts";

export interface Source {
  readonly kind: "environment" | "label" | "metadata" | "default";
  /** `VRID`, `keepalived.priority` (label) or `keepalived.check.ports` (path in the service's metadata). */
  readonly name: string;
}

export interface Sourced<T> {
  readonly value: T;
  readonly source: Source;
  /** Why a default is not the one of all groups, as a clause: `as AUTH_PASS is set`. */
  readonly because?: string;
}

export interface Problem {
  readonly source: Source;
  /** What is there, fit to be shown: escaped, shortened, and `HIDDEN` where it is or may be a secret. */
  readonly value: string;
  /** Noun phrase: `1-255`. */
  readonly allowed: string;
  /** Name of the setting that it is about (`settingName`), where there is one. */
  readonly setting?: string;
}

/** Settings of the environment that cannot be used; nothing was done with any of them. */
export class SettingsError extends AgentError {
  override readonly name = "SettingsError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super("SETTINGS_INVALID", problems.map(describeProblem).join("\n"));
    this.problems = problems;
  }
}

const PLACES: Readonly<Record<Source["kind"], string>> = {
  environment: "environment",
  label: "host label",
  metadata: "service metadata",
  default: "default",
};

/** One line: `VRID="0" (environment): allowed is 1-255`. */
export function describeProblem({ source, value, allowed }: Problem): string {
  const shown = value === HIDDEN ? value : `"${value}"`;
  return `${escapeText(source.name)}=${shown} (${PLACES[source.kind]}): allowed is ${allowed}`;
}

/** `keepalived.priority (host label)`, on one line whatever the name is. */
export function describeSource({ kind, name }: Source): string {
  return `${escapeText(name)} (${PLACES[kind]})`;
}
