/** Renders values and errors as the body of an answer, in each of the three formats. */
import { stringify } from "yaml";
import type { Format } from "./accept.ts";
import { type DocumentObject, isObject } from "./document.ts";
import { NAMING_KEYS } from "./lookup.ts";

export function renderValue(value: unknown, format: Format): string {
  if (format === "json") return JSON.stringify(value);
  return format === "yaml" ? renderYaml(value) : renderText(value);
}

/** Renders the body of an error. `code` is the HTTP status. Errors end with a newline, values do not. */
export function renderError(code: number, message: string, format: Format): string {
  return `${format === "text" ? message : renderValue({ code, message, type: "error" }, format)}\n`;
}

/**
 * Renders YAML that parsers of 1.1 (such as Rancher's) and 1.2 read alike. What either would misread is quoted, as `yes` and
 * the merge key `<<` are. Aliases are not used.
 */
function renderYaml(value: unknown): string {
  return stringify(value, {
    aliasDuplicateObjects: false,
    // the schema yaml-1.1 would quote for 1.1, too, but write the key `<<` as a merge
    compat: "yaml-1.1",
    lineWidth: 0,
    sortMapEntries: true,
  });
}

/** Renders a scalar as it is, and an object or a list as the list of its keys. */
function renderText(value: unknown): string {
  if (value === null) return "";
  if (Array.isArray(value)) return value.map((item, index) => `${renderElement(item, index)}\n`).join("");
  if (isObject(value)) return renderKeys(value).sort().join("");
  return typeof value === "number" ? renderNumber(value) : String(value);
}

function renderKeys(object: DocumentObject): string[] {
  return Object.entries(object).map(
    ([key, value]) => `${escapeForQuery(key)}${hasChildren(value) ? "/" : ""}\n`,
  );
}

function renderElement(item: unknown, index: number): string {
  if (isObject(item)) {
    const name = NAMING_KEYS.map((key) => item[key]).find((value) => typeof value === "string");
    if (name !== undefined) return `${index}=${escapeForQuery(name)}`;
  }
  return hasChildren(item) ? `${index}/` : `${index}`;
}

function hasChildren(value: unknown): boolean {
  return isObject(value) || Array.isArray(value);
}

/** Renders a decimal number with at most six places and no exponent. */
function renderNumber(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString();
  return value.toFixed(6).replace(/\.?0+$/, "");
}

function escapeForQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}
