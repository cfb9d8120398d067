/**
 * A kind of value: the schema that makes it from text, next to the words that describe what the schema allows. Every
 * value is read as text first, so the same rules hold for YAML and for the environment.
 */
import * as v from "valibot";

/** A value as JSON shows it; null means that there is none. */
export type Shown = string | number | boolean | readonly string[] | null;

export interface Kind<T> {
  /** Its input is trimmed, not empty, and has no control characters. */
  readonly schema: v.GenericSchema<string, T>;
  /** A noun phrase for error messages and the table of settings: `1-255`. */
  readonly allowed: string;
  /** Text that the schema turns back into the same value. Absent if the value is shown as it is. */
  show?(value: T): Shown;
}

/** A whole number in decimal digits; not `1e2`, `0x10`, `+1` or `1.0`. */
export function integer(min: number, max: number): Kind<number> {
  return {
    schema: v.pipe(v.string(), v.digits(), v.transform(Number), v.minValue(min), v.maxValue(max)),
    allowed: `${min}-${max}`,
  };
}

/** A time in seconds with at most two decimals, because keepalived counts in steps of 10 ms. */
export function seconds(min: number, max: number): Kind<number> {
  return {
    schema: v.pipe(
      v.string(),
      v.regex(/^\d+(\.\d{1,2}0*)?$/),
      v.transform(Number),
      v.minValue(min),
      v.maxValue(max),
    ),
    allowed: `${min}-${max} in steps of 0.01`,
  };
}

/** One of `words`, in upper or lower case. */
export function choice<const Word extends string>(words: readonly Word[]): Kind<Word> {
  return {
    schema: v.pipe(v.string(), v.toLowerCase(), v.picklist(words)),
    allowed: `one of ${words.join(", ")}`,
  };
}

/** A boolean in the words of YAML, of shells and of Rancher's forms. */
export const BOOLEAN: Kind<boolean> = {
  schema: v.pipe(
    v.string(),
    v.toLowerCase(),
    v.picklist(["true", "yes", "on", "1", "false", "no", "off", "0"]),
    v.transform((word) => ["true", "yes", "on", "1"].includes(word)),
  ),
  allowed: "true or false (or yes/no, on/off, 1/0)",
};

/** One or more items, separated by commas or spaces. Later items with the same `identity` are dropped. */
export function listOf<T>(item: Kind<T>, identity: (value: T) => string): Kind<readonly T[]> {
  return {
    schema: v.pipe(
      v.string(),
      v.transform((text) => text.split(/[\s,]+/).filter((part) => part !== "")),
      v.array(item.schema),
      v.minLength(1),
      v.transform((values) => uniqueBy(values, identity)),
    ),
    allowed: `${item.allowed}; several are separated by commas or spaces`,
    show: (values) => values.map((value) => String(item.show?.(value) ?? value)),
  };
}

function uniqueBy<T>(values: readonly T[], identity: (value: T) => string): T[] {
  const unique = new Map<string, T>();
  for (const value of values) if (!unique.has(identity(value))) unique.set(identity(value), value);
  return [...unique.values()];
}

/** A value of `kind`, or the word `off`, which becomes undefined. */
export function orOff<T>(kind: Kind<T>): Kind<T | undefined> {
  const { schema, allowed } = kind;
  const off = v.pipe(
    v.string(),
    v.toLowerCase(),
    v.literal("off"),
    v.transform(() => undefined),
  );
  return {
    schema: v.union([off, schema]),
    allowed: `${allowed}, or off`,
    show: (value) => (value === undefined ? "off" : (kind.show?.(value) ?? String(value))),
  };
}
