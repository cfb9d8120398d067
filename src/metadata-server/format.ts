/** Values and errors as the body of an answer, in each of the three formats. */
import { stringify } from "yaml";
import type { Format } from "./accept.ts";
import { type Fields, isFields } from "./document.ts";
import { NAMING_KEYS } from "./lookup.ts";

export function renderValue(value: unknown, format: Format): string {
  if (format === "json") return JSON.stringify(value);
  return format === "yaml" ? renderYaml(value) : renderText(value);
}

/** An error's body; `code` is the HTTP status. It ends with a newline, which values do not. */
export function renderError(code: number, message: string, format: Format): string {
  return `${format === "text" ? message : renderValue({ code, message, type: "error" }, format)}\n`;
}

/** YAML that 1.1 parsers, such as Rancher's own, read as 1.2 parsers do: quoted `yes`, no aliases. */
function renderYaml(value: unknown): string {
  return stringify(value, {
    aliasDuplicateObjects: false,
    lineWidth: 0,
    schema: "yaml-1.1",
    sortMapEntries: true,
  });
}

/** A scalar bare, an object or list as a listing of what can be asked for below it. */
function renderText(value: unknown): string {
  if (value === null) return "";
  if (Array.isArray(value)) return value.map((item, index) => `${listedElement(item, index)}\n`).join("");
  if (isFields(value)) return listedKeys(value).sort().join("");
  return typeof value === "number" ? renderNumber(value) : String(value);
}

function listedKeys(fields: Fields): string[] {
  return Object.entries(fields).map(([key, value]) => `${queryEscaped(key)}${isBranch(value) ? "/" : ""}\n`);
}

function listedElement(item: unknown, index: number): string {
  if (isFields(item)) {
    const name = NAMING_KEYS.map((key) => item[key]).find((naming) => typeof naming === "string");
    if (name !== undefined) return `${index}=${queryEscaped(name)}`;
  }
  return isBranch(item) ? `${index}/` : `${index}`;
}

function isBranch(value: unknown): boolean {
  return isFields(value) || Array.isArray(value);
}

/** Decimal, at most six places, no exponent. */
function renderNumber(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString();
  return value.toFixed(6).replace(/\.?0+$/, "");
}

function queryEscaped(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}
