/** Where a value came from, and what is wrong with one. */
import { AgentError } from "../errors.ts";

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

/** Stands for a value that is never shown. */
export const HIDDEN = "(hidden)";

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

const SHOWN_CHARACTERS = 80;

/** `text` on one line: what does not print, or hides what does, as `\n` or `\u202e`; what is long, shortened. */
export function escapeText(text: string): string {
  const start = Array.from(text.slice(0, 2 * SHOWN_CHARACTERS));
  const isLong = start.length > SHOWN_CHARACTERS || text.length > 2 * SHOWN_CHARACTERS;
  const kept = start.slice(0, SHOWN_CHARACTERS).join("");
  const escaped = escapeControl(JSON.stringify(kept).slice(1, -1));
  return isLong ? `${escaped}...` : escaped;
}

/** `text` with every character escaped that does not print, or that hides or moves what does. */
export function escapeControl(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
