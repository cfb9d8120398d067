/** One setting as a row of the table: its name at each place, its kind of value, its default, and its help. */
import * as v from "valibot";
import { escapeText, HIDDEN } from "../text/escape.ts";
import type { SettingProblem } from "./problem.ts";
import type { Source, Sourced } from "./source.ts";
import type { Kind } from "./value-kind.ts";

export interface Row<T = unknown> {
  /** Environment variable. */
  readonly variable?: string;
  /** Key of the label of this host, after `keepalived.`. */
  readonly label?: string;
  /** Path in the service's metadata, after `keepalived.`. */
  readonly metadata?: string;
  readonly kind: Kind<T>;
  readonly unit?: "s";
  /** The default, written as in a setting. */
  readonly defaultText?: string;
  /** What happens without a setting, in words, if `defaultText` does not say it all. */
  readonly defaultNote?: string;
  /** What the setting does, in one or more short sentences, for the table in docs/use/settings.md. */
  readonly help: string;
  readonly example: string;
  /**
   * All hosts of a group must have the same value, or the group splits. So a bad value in a label or in metadata blocks
   * the group: no lower place is tried.
   */
  readonly isGroupWide?: true;
  /** It decides what is checked. A bad value in a label or in metadata leaves the earlier checks in force. */
  readonly isCheck?: true;
  /** Line breaks and tabs are part of the value. */
  readonly isMultiline?: true;
  /** The value is neither logged nor shown. */
  readonly isSecret?: true;
}

export type Rows = Readonly<Record<string, Row>>;

/** The one name of a setting for all places: its variable, such as `VRID`, or `keepalived.drain`, which has none. */
export function settingName({ variable, label, metadata }: Omit<Row, "kind">): string {
  return variable ?? `keepalived.${label ?? metadata}`;
}

export type ValueOf<R> = R extends { readonly kind: Kind<infer T> } ? T : never;

/** The usable values of one place. */
export type Layer<R extends Rows> = { readonly [K in keyof R]?: Sourced<ValueOf<R[K]>> };

export interface PlaceReading<R extends Rows> {
  readonly layer: Layer<R>;
  readonly problems: readonly SettingProblem[];
  /** The problem of each row whose value cannot be used, by the row's key. */
  readonly refused: Readonly<Record<string, SettingProblem>>;
}

/** The value that a place has for a row. */
interface RawValue {
  readonly raw: unknown;
  readonly source: Source;
}

/** Reads all rows at one place. @param lookUp the place's value for a row; undefined if it has none. */
export function readRows<R extends Rows>(
  rows: R,
  lookUp: (row: Row) => RawValue | undefined,
): PlaceReading<R> {
  const layer: Record<string, Sourced<unknown>> = Object.create(null);
  const refused: Record<string, SettingProblem> = Object.create(null);
  for (const [key, row] of Object.entries(rows)) {
    const found = lookUp(row);
    const text = found && rawText(found.raw);
    if (found === undefined || text === "") continue;
    const result = readText(row, text, found.source);
    if ("allowed" in result) refused[key] = result;
    else layer[key] = result;
  }
  return { layer: layer as Layer<R>, problems: Object.values(refused), refused };
}

/** Control characters, line separators and halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/** What a template of Rancher's catalog writes for an answer that was removed. It counts as empty. */
const TAKEN_BACK = "<nil>";

/** What Rancher before 1.6.6 writes for a name that its templates do not know, such as that of the stack. */
const UNKNOWN_TO_RANCHER = "<no value>";
const RANCHER_TOO_OLD = `. Rancher before 1.6.6 writes ${UNKNOWN_TO_RANCHER}: use Rancher 1.6.6 or newer`;

/** User name and password of a URL. */
const USER_INFO = /\/\/[^/\s]*@/g;

/** @param text trimmed and not empty; undefined for a value that has no text, such as an object. */
function readText<T>(row: Row<T>, text: string | undefined, source: Source): Sourced<T> | SettingProblem {
  const { schema, allowed } = row.kind;
  const setting = settingName(row);
  if (text === undefined) return { source, value: "{...}", allowed, setting };
  const value = row.isSecret ? HIDDEN : escapeText(text.replaceAll(USER_INFO, `//${HIDDEN}@`));
  if (UNPRINTABLE.test(row.isMultiline ? text.replaceAll(/[\n\r\t]/g, " ") : text)) {
    return { source, value, allowed: `${allowed}; no line breaks or control characters`, setting };
  }
  const result = v.safeParse(schema, text);
  if (result.success) return { value: result.output, source };
  return {
    source,
    value,
    allowed: text === UNKNOWN_TO_RANCHER ? allowed + RANCHER_TOO_OLD : allowed,
    setting,
  };
}

/**
 * The text of a YAML value such as `51`, `true` or `["80", 443]`: null is empty, as is Rancher's `<nil>`, and a list is
 * joined by commas.
 * Undefined for a value that has no text, such as an object.
 */
export function rawText(raw: unknown): string | undefined {
  if (!Array.isArray(raw)) return scalarText(raw);
  const parts = raw.map(scalarText);
  if (parts.includes(undefined)) return undefined;
  return parts.filter((part) => part !== "").join(",");
}

function scalarText(raw: unknown): string | undefined {
  if (raw === null || raw === undefined) return "";
  if (typeof raw === "string") return raw.trim() === TAKEN_BACK ? "" : raw.trim();
  return typeof raw === "number" || typeof raw === "boolean" ? String(raw) : undefined;
}

/** The default of a row; undefined if it has none. @throws {ValiError} if the row's kind refuses its own default. */
export function defaultOf<T>(row: Row<T>, text = row.defaultText): Sourced<T> | undefined {
  if (text === undefined) return undefined;
  return { value: v.parse(row.kind.schema, text), source: { kind: "default", name: settingName(row) } };
}
