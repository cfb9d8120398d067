/**
 * The schema of a table whose keys come from outside. It is in a file of its own, so that a command that parses nothing
 * does not load valibot.
 */
import * as v from "valibot";
import { byName } from "./by-name.ts";

/** The schema of an object that may have any key. */
export function tableOf<Schema extends v.GenericSchema>(value: Schema) {
  return v.pipe(
    v.custom<object>(isTable, "Invalid type: expected an object"),
    v.transform((table): [string, unknown][] => Object.entries(table)),
    v.array(v.tuple([v.string(), value])),
    v.transform((entries) => byName(entries)),
  );
}

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
