import * as v from "valibot";
import { type Instance, instanceSchema } from "../vrrp/instance.ts";

const changesSchema = v.record(v.string(), v.pipe(v.array(instanceSchema), v.minLength(1)));

/** What groups were before the planned changes that were under way, by name; empty where that is missing or damaged. */
export function parseChanges(json: unknown): Readonly<Record<string, readonly Instance[]>> {
  const result = v.safeParse(changesSchema, json);
  return result.success ? result.output : {};
}
