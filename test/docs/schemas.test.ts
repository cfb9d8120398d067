/** The JSON Schemas: what the agent prints and takes is valid by them, and what it would not is not. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../build/json-schema.ts";
import { renderSettingsSchema } from "../../build/settings-schema.ts";
import { renderStatusSchema } from "../../build/status-schema.ts";
import { IN_TROUBLE, SUSPICION, WELL } from "../fixtures/status.ts";
import { parseCompose } from "../packaging/packaged-files.ts";
import { ROOT, readDocument } from "./readme.ts";

const status: JsonSchema = JSON.parse(renderStatusSchema());
const settings: JsonSchema & { $defs: { group: JsonSchema; environment: JsonSchema } } = JSON.parse(
  renderSettingsSchema(),
);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  boolean: (value) => typeof value === "boolean",
  number: (value) => typeof value === "number",
  integer: Number.isInteger,
  array: Array.isArray,
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

/** What in a value the schema refuses, or does not describe. */
function complaints(schema: JsonSchema, value: unknown, where = "it"): string[] {
  if (schema["$ref"] !== undefined) return complaints(settings.$defs.group, value, where);
  const types = [schema.type ?? Object.keys(TYPES)].flat();
  if (!types.some((type) => TYPES[type]!(value))) return [`${where} is no ${types.join(" or ")}`];
  if (schema.enum && !schema.enum.includes(value as string)) return [`${where} is ${value}`];
  if (typeof value === "number") {
    const { minimum = value, maximum = value } = schema as { minimum?: number; maximum?: number };
    return value < minimum || value > maximum ? [`${where} is ${value}`] : [];
  }
  if (Array.isArray(value))
    return value.flatMap((item, index) => complaints(schema.items ?? {}, item, `${where}[${index}]`));
  if (typeof value !== "object" || value === null) return [];
  const missing = (schema.required ?? [])
    .filter((key) => !(key in value))
    .map((key) => `${where} has no ${key}`);
  const others = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  const inside = Object.entries(value).flatMap(([key, each]) => {
    const known = schema.properties?.[key] ?? others;
    return known === undefined
      ? [`${where} has ${key}, which is not described`]
      : complaints(known, each, `${where}.${key}`);
  });
  return [...missing, ...inside];
}

/** The paths of the fields that the schema describes and no part of the value has; of an empty list only its own path. */
function unshown(schema: JsonSchema, value: unknown, where = ""): string[] {
  if (Array.isArray(value))
    return value.length === 0 ? [where] : unshown(schema.items ?? {}, Object.assign({}, ...value), where);
  return Object.entries(schema.properties ?? {}).flatMap(([key, each]) => {
    const place = where === "" ? key : `${where}.${key}`;
    const found = (value as Record<string, unknown>)[key];
    return found === undefined ? [place] : unshown(each, found, place);
  });
}

/** As it is printed: without what is undefined. */
const printed = (value: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(value));

describe("the schema of status --json", () => {
  it.each([
    { what: "of a host that is well", value: WELL },
    { what: "of a host in trouble", value: IN_TROUBLE },
    {
      what: "with a suspicion",
      value: { ...WELL, splitBrain: [{ ...SUSPICION, since: WELL.agent.startedAt }] },
    },
  ])("takes the status $what, and describes each of its fields", ({ value }) => {
    expect(complaints(status, printed(value))).toEqual([]);
  });

  const [, shown = ""] = /```json\n(\{\n {2}"agent".*?)```/s.exec(readDocument("docs/use/commands.md")) ?? [];

  it("takes the one that the documents show", () => {
    expect(complaints(status, JSON.parse(shown))).toEqual([]);
  });

  it("has no field that the documents do not show, but for those of a host in another state", () => {
    expect(unshown(status, JSON.parse(shown))).toEqual([
      "configuration.rejected",
      "configuration.lastReload.reason",
      "drain.all",
      "health.drainedBy",
      "health.heldBy",
      "instances.noOwner",
      "scheduling.reason",
      "scheduling.hint",
      "gate.reason",
      "vipLease.reason",
      "ownerProbe.multicastProblem",
      "contradictions",
      "splitBrain",
      "problems",
    ]);
  });

  it("would not take a status without its problems, or with another type", () => {
    const { problems: _, ...without } = printed(WELL);

    expect(complaints(status, without)).toEqual(["it has no problems"]);
    expect(complaints(status, { ...printed(WELL), instances: "none" })).toEqual(["it.instances is no array"]);
  });
});

describe("the schema of settings", () => {
  const examples = readdirSync(path.join(ROOT, "examples")).filter((name) =>
    name.endsWith(".rancher-compose.yml"),
  );

  it.each(examples)("takes the metadata of examples/%s", (name) => {
    const { metadata } = parseCompose(readDocument(`examples/${name}`)).services["keepalived"]!;

    expect(complaints(settings, (metadata as { keepalived: unknown }).keepalived)).toEqual([]);
  });

  it.each([
    { why: "a key that is misspelt", value: { virtul_ip: "192.0.2.1" } },
    { why: "a number out of its range", value: { vrid: 300 } },
    { why: "a bad key of a group", value: { instances: { web: { preempt: [] } } } },
    { why: "a command, which comes from the environment alone", value: { check: { script: "true" } } },
  ])("would not take $why", ({ value }) => {
    expect(complaints(settings, value)).not.toEqual([]);
  });

  it("has the variables, too", () => {
    expect(complaints(settings.$defs.environment, { VIRTUAL_IP: "192.0.2.1", METADATA_URL: "off" })).toEqual(
      [],
    );
  });
});
