/**
 * The JSON Schema of the settings: of the key `keepalived` in a service's metadata, so that an editor completes and checks it,
 * and in `$defs` of the environment. It checks names and types; what a text may be is in each description, and the agent checks it.
 */
import type { Row } from "../src/settings/row.ts";
import { ALL_ROWS } from "../src/settings/table.ts";
import { fields, type JsonSchema, schemaFile, tableOf, text } from "./json-schema.ts";

/** A range of numbers at the start of what a setting allows. */
const RANGE = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)(?= in steps|$)/;

/** What YAML may hold for the setting: a number as a number or as text, a list as a list or as text. */
function schemaOf({ kind, unit, help, example, defaultText, defaultNote }: Row): JsonSchema {
  const defaults = [defaultText, defaultNote].filter(Boolean).join("; ") || "none";
  const description = `${help} Allowed: ${kind.allowed}${unit === undefined ? "" : ` (${unit})`}. Default: ${defaults}.`;
  const about = { description, examples: [example] };
  const [, minimum, maximum] = RANGE.exec(kind.allowed) ?? [];
  if (kind.allowed.startsWith("true or false")) return { type: ["boolean", "string"], ...about };
  if (minimum !== undefined) {
    const type = kind.allowed.includes("in steps") ? "number" : "integer";
    return { type: [type, "string"], minimum: Number(minimum), maximum: Number(maximum), ...about };
  }
  if (kind.allowed.includes("several are separated")) {
    return { type: ["string", "integer", "array"], items: { type: ["string", "integer"] }, ...about };
  }
  return { type: ["string", "number"], ...about };
}

/** Nested by the dots of the metadata keys: `check.ports` is `ports` in `check`. */
function groupProperties(rows: readonly Row[]): Record<string, JsonSchema> {
  const properties: Record<string, JsonSchema> = {};
  for (const row of rows) {
    const [first = "", second] = row.metadata?.split(".") ?? [];
    if (first === "") continue;
    if (second === undefined) properties[first] = schemaOf(row);
    else {
      const section = properties[first]?.properties ?? {};
      properties[first] = closed({ ...section, [second]: schemaOf(row) });
    }
  }
  return properties;
}

/** An object without other keys: the agent names one that it does not know. */
function closed(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: "object", properties, additionalProperties: false };
}

export function renderSettingsSchema(rows: readonly Row[] = ALL_ROWS): string {
  const group = groupProperties(rows);
  const environment = rows.flatMap((row): [string, JsonSchema][] => {
    const { description, examples } = schemaOf(row);
    return row.variable === undefined ? [] : [[row.variable, { ...text(description), examples }]];
  });
  return schemaFile("keepalived in the metadata of a service, for rancher-keepalived", {
    ...closed({ ...group, instances: tableOf({ $ref: "#/$defs/group" }, "Groups by their names") }),
    $defs: {
      group: closed(group),
      environment: fields({}, Object.fromEntries(environment)),
    },
  });
}
