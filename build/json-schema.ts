/** The few words of JSON Schema (2020-12) that the schemas of this repository use. */

export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly [word: string]: unknown;
}

export const text = (description?: string): JsonSchema => ({ type: "string", ...about(description) });
export const whole = (description?: string): JsonSchema => ({ type: "integer", ...about(description) });
export const flag = (description?: string): JsonSchema => ({ type: "boolean", ...about(description) });
export const instant = (description?: string): JsonSchema => ({
  type: "string",
  format: "date-time",
  ...about(description),
});
export const oneOf = (values: readonly string[], description?: string): JsonSchema => ({
  type: "string",
  enum: values,
  ...about(description),
});
export const listOf = (items: JsonSchema, description?: string): JsonSchema => ({
  type: "array",
  items,
  ...about(description),
});
export const tableOf = (values: JsonSchema, description?: string): JsonSchema => ({
  type: "object",
  additionalProperties: values,
  ...about(description),
});

/** An object. Fields may be added within a major version, so others than these are allowed. */
export function fields(
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
  description?: string,
): JsonSchema {
  return {
    type: "object",
    properties: { ...required, ...optional },
    required: Object.keys(required),
    ...about(description),
  };
}

/** The schema as a file of its own. */
export function schemaFile(title: string, schema: JsonSchema): string {
  const whole = { $schema: "https://json-schema.org/draft/2020-12/schema", title, ...schema };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

function about(description: string | undefined): { description?: string } {
  return description === undefined ? {} : { description };
}
