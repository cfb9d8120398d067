/**
 * One setting: its names at each place, its kind, and what the README says of it. And the one way from what a
 * place holds to a value.
 */
import * as v from "valibot";
import { escapeText, HIDDEN } from "../text/escape.ts";
import type { Problem, Source, Sourced } from "./source.ts";
import type { Kind } from "./value-kind.ts";

export interface Row<T = unknown> {
  /** Environment variable. */
  readonly variable?: string;
  /** Key of the own host's label, after `keepalived.`. */
  readonly label?: string;
  /** Path in the service's metadata, after `keepalived.`. */
  readonly metadata?: string;
  readonly kind: Kind<T>;
  readonly unit?: "s";
  /** Value without a setting, written as in a setting. */
  readonly fallback?: string;
  /** What happens without a setting, in words, where `fallback` does not tell it all. */
  readonly otherwise?: string;
  /** One sentence for the README, without a full stop. */
  readonly help: string;
  readonly example: string;
  /**
   * Hosts that disagree on it split into groups of their own. So where a label or metadata holds a bad value, no other
   * source is asked in its place.
   */
  readonly isShared?: true;
  /**
   * It keeps the VIPs off a host that cannot serve them. So where a label or metadata holds a bad value, it is not left
   * out: what was checked before goes on being checked.
   */
  readonly isGuard?: true;
  /** Line breaks and tabs are part of it. */
  readonly isText?: true;
  /** Neither logged nor shown. */
  readonly isSecret?: true;
}

export type Rows = Readonly<Record<string, Row>>;

/** What a setting is called, wherever it is set: `VRID`; `keepalived.drain`, which has no variable. */
export function settingName({ variable, label, metadata }: Omit<Row, "kind">): string {
  return variable ?? `keepalived.${label ?? metadata}`;
}

export type ValueOf<R> = R extends { readonly kind: Kind<infer T> } ? T : never;

/** The values that one place gives; what it leaves open is absent. */
export type Layer<R extends Rows> = { readonly [K in keyof R]?: Sourced<ValueOf<R[K]>> };

export interface Reading<R extends Rows> {
  readonly layer: Layer<R>;
  readonly problems: readonly Problem[];
  /** Rows whose value there cannot be used, each with its problem. */
  readonly refused: Readonly<Record<string, Problem>>;
}

/** What a place holds under a row's name there. */
interface Given {
  readonly raw: unknown;
  readonly source: Source;
}

/** Every row's value at one place, and every problem; `lookUp` tells what the place holds for a row. */
export function readRows<R extends Rows>(rows: R, lookUp: (row: Row) => Given | undefined): Reading<R> {
  const layer: Record<string, Sourced<unknown>> = {};
  const refused: Record<string, Problem> = {};
  for (const [key, row] of Object.entries(rows)) {
    const given = lookUp(row);
    const text = given && rawText(given.raw);
    if (given === undefined || text === "") continue;
    const read = parseText(row, text, given.source);
    if ("allowed" in read) refused[key] = read;
    else layer[key] = read;
  }
  return { layer: layer as Layer<R>, problems: Object.values(refused), refused };
}

/** What does not print, and halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/** User name and password of a URL. */
const USER_INFO = /\/\/[^/\s]*@/g;

/** @param text trimmed, not empty; undefined stands for something that has no text, such as an object. */
function parseText<T>(row: Row<T>, text: string | undefined, source: Source): Sourced<T> | Problem {
  const { schema, allowed } = row.kind;
  const setting = settingName(row);
  if (text === undefined) return { source, value: "{...}", allowed, setting };
  const value = row.isSecret ? HIDDEN : escapeText(text.replaceAll(USER_INFO, `//${HIDDEN}@`));
  if (UNPRINTABLE.test(row.isText ? text.replaceAll(/[\n\r\t]/g, " ") : text)) {
    return { source, value, allowed: `${allowed}; no line breaks and control characters`, setting };
  }
  const result = v.safeParse(schema, text);
  return result.success ? { value: result.output, source } : { source, value, allowed, setting };
}

/**
 * The text of a value as Rancher's YAML parser left it: `51`, `true`, `["80", 443]`; null is empty, lists are
 * joined by commas. Undefined for anything that has no such text.
 */
export function rawText(raw: unknown): string | undefined {
  if (!Array.isArray(raw)) return scalarText(raw);
  const parts = raw.map(scalarText);
  if (parts.includes(undefined)) return undefined;
  return parts.filter((part) => part !== "").join(",");
}

function scalarText(raw: unknown): string | undefined {
  if (raw === null || raw === undefined) return "";
  if (typeof raw === "string") return raw.trim();
  return typeof raw === "number" || typeof raw === "boolean" ? String(raw) : undefined;
}

/** The value of a row's `fallback`. @throws {ValiError} where the table has a fallback that its own kind refuses. */
export function fallbackOf<T>(row: Row<T>, text = row.fallback): Sourced<T> | undefined {
  if (text === undefined) return undefined;
  return { value: v.parse(row.kind.schema, text), source: { kind: "default", name: settingName(row) } };
}
