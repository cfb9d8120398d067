/** What an earlier run of the agent wrote about the planned changes that were under way (changes.json). */
import * as v from "valibot";
import { type Instance, instanceSchema } from "../vrrp/instance.ts";
import { isSameGroup } from "../vrrp/same-group.ts";

const changesSchema = v.record(v.string(), v.pipe(v.array(instanceSchema), v.minLength(1)));

/** The former groups of each planned change, by group name. Empty if the file is missing or damaged. */
export function parseChanges(json: unknown): Readonly<Record<string, readonly Instance[]>> {
  const result = v.safeParse(changesSchema, json);
  return result.success ? result.output : {};
}

/** Whether a remembered group may be another one. With VRRPv2 it may: its password is not written down. */
export function mayHaveChanged(former: Instance, to: Instance): boolean {
  return former.vrrpVersion === 2 || !isSameGroup(former, to);
}
