/**
 * What to say of a label or metadata key that no setting has at that place: a misspelling, a setting that lives
 * elsewhere, or one that must never come from a label or metadata, because whoever edits a host or a stack would
 * then run commands.
 */

import { HIDDEN } from "../text/escape.ts";
import { nearestName } from "../text/nearest-name.ts";
import { type Row, rawText, settingName } from "./row.ts";
import type { Problem } from "./source.ts";
import { ALL_ROWS } from "./table.ts";

/** Places that are written by many: each setting says if it may be read there. */
export type Place = "label" | "metadata";

/**
 * The problem of `key` (after `keepalived.`) being set at `place`, under its full `name` there; none where
 * it is empty. The value is not shown: a secret with a misspelt name is still a secret.
 */
export function misplaced(
  place: Place,
  { key, name, raw }: { key: string; name: string; raw: unknown },
): Problem[] {
  if (rawText(raw) === "") return [];
  const source = { kind: place, name };
  const row = isSection(key, place) ? undefined : rowMeant(key);
  if (row === undefined) return [{ source, value: HIDDEN, allowed: explain(key, place) }];
  return [{ source, value: HIDDEN, allowed: explainRow(row, place), setting: settingName(row) }];
}

function isSection(key: string, place: Place): boolean {
  return key === "" || key === "instances" || namesAt(place).some((name) => name.startsWith(`${key}.`));
}

function rowMeant(key: string): Row | undefined {
  return ALL_ROWS.find((candidate) => namesOf(candidate).some((name) => letters(name) === letters(key)));
}

function explain(key: string, place: Place): string {
  if (isSection(key, place)) return "keys below this one, each with its value";
  const known = namesAt(place);
  const isForGroup = place === "label" && known.some((name) => key.endsWith(`.${name}`));
  if (isForGroup) return "nothing here (unknown group)";
  const nearest = nearestName(key, known);
  const hint = nearest === undefined ? "" : `, the nearest is keepalived.${nearest}`;
  return `nothing here (unknown name${hint})`;
}

function explainRow(row: Row, place: Place): string {
  const { variable, label, metadata } = row;
  if (row[place] !== undefined) return `nothing here (the name is keepalived.${row[place]})`;
  if (label === undefined && metadata === undefined) return `nothing here (environment only: ${variable})`;
  const others = [
    variable && `environment ${variable}`,
    label && `host label keepalived.${label}`,
    metadata && `service metadata keepalived.${metadata}`,
  ];
  return `nothing here (set ${others.filter((other) => other !== undefined).join(" or ")})`;
}

function namesAt(place: Place): string[] {
  return ALL_ROWS.flatMap((row) => row[place] ?? []);
}

function namesOf({ variable, label, metadata }: Row): string[] {
  return [variable, label, metadata].filter((name) => name !== undefined);
}

/** `check.script`, `CHECK_SCRIPT` and `checkScript` are meant as the same name. */
function letters(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}
