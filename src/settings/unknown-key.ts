/**
 * A key in a label or in metadata that sets nothing there: it is misspelt, or its setting belongs to another place.
 * Commands, paths and secrets belong to the environment only, because those who edit a host or a stack in Rancher must
 * not run commands as root.
 */

import { HIDDEN } from "../text/escape.ts";
import { nearestName } from "../text/nearest-name.ts";
import type { KeyProblem, SettingProblem } from "./problem.ts";
import { type Row, rawText, settingName } from "./row.ts";
import { ALL_ROWS } from "./table.ts";

/** Places that many people may write to. A row names its key there, or has none. */
export type Place = "label" | "metadata";

interface UnknownKey {
  /** What follows `keepalived.`, and the name of the group if it has one. */
  readonly key: string;
  /** The full name at its place. */
  readonly name: string;
  readonly raw: unknown;
}

/**
 * The problem of a key that no row has at `place`; undefined if its value is empty. The value is hidden, because it may
 * be a secret under a misspelt name.
 */
export function unknownKeyProblem(place: Place, { key, name, raw }: UnknownKey): SettingProblem | undefined {
  if (rawText(raw) === "") return undefined;
  const problem = { source: { kind: place, name }, value: HIDDEN };
  if (isSection(key, place)) return { ...problem, allowed: "a section with keys of its own, not a value" };
  const row = rowMeantBy(key);
  return row === undefined
    ? { ...problem, why: describeUnknown(key, place) }
    : { ...problem, why: describeMisplaced(row, place), setting: settingName(row) };
}

/** Whether the full name differs from a key of the agent only by its case: `Keepalived.priority`. */
export function isMiscased(name: string): boolean {
  return /^keepalived(?:\.|$)/i.test(name) && !/^keepalived(?:\.|$)/.test(name);
}

/** The problem of a key for which `isMiscased` holds; undefined if its value is empty. It sets nothing. */
export function miscasedKeyProblem(place: Place, name: string, raw: unknown): KeyProblem | undefined {
  if (rawText(raw) === "") return undefined;
  const key = name.slice("keepalived".length);
  const row = ALL_ROWS.find(
    (known) => known[place] !== undefined && `.${known[place]}` === key.toLowerCase(),
  );
  const meant = `keepalived${row === undefined ? key : key.toLowerCase()}`;
  return { source: { kind: place, name }, value: HIDDEN, why: `unknown key; did you mean ${meant}?` };
}

function isSection(key: string, place: Place): boolean {
  return key === "" || key === "instances" || keysAt(place).some((known) => known.startsWith(`${key}.`));
}

function rowMeantBy(key: string): Row | undefined {
  return ALL_ROWS.find((row) => namesOf(row).some((name) => lettersOf(name) === lettersOf(key)));
}

function describeUnknown(key: string, place: Place): string {
  const known = keysAt(place);
  if (place === "label" && known.some((name) => key.endsWith(`.${name}`))) return "unknown group";
  const nearest = nearestName(key, known);
  return nearest === undefined ? "unknown key" : didYouMean(nearest);
}

function describeMisplaced(row: Row, place: Place): string {
  const { variable, label, metadata } = row;
  const key = row[place];
  if (key !== undefined) return didYouMean(key);
  const places = [
    variable && `the environment variable ${variable}`,
    label && `the host label keepalived.${label}`,
    metadata && `the service metadata keepalived.${metadata}`,
  ];
  return `cannot be set here; use ${places.filter((name) => name !== undefined).join(" or ")}`;
}

function didYouMean(key: string): string {
  return `unknown key; did you mean keepalived.${key}?`;
}

function keysAt(place: Place): string[] {
  return ALL_ROWS.flatMap((row) => row[place] ?? []);
}

function namesOf({ variable, label, metadata }: Row): string[] {
  return [variable, label, metadata].filter((name) => name !== undefined);
}

/** `check.script`, `CHECK_SCRIPT` and `checkScript` have the same letters. */
function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}
