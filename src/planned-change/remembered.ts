/** What an earlier run of the agent wrote about the planned changes that were under way (changes.json). */
import * as v from "valibot";
import { type Instance, instanceSchema } from "../vrrp/instance.ts";
import { isSameGroup } from "../vrrp/same-group.ts";

/** The former groups of each planned change, by group name. */
export type RememberedChanges = ReadonlyMap<string, readonly Instance[]>;

/** A list, because a group may have a name that an object gives another meaning, such as `__proto__`. */
const changesSchema = v.array(
  v.object({ group: v.string(), formerGroups: v.pipe(v.array(instanceSchema), v.minLength(1)) }),
);

/** Empty if the file is missing or damaged. */
export function parseChanges(json: unknown): RememberedChanges {
  const result = v.safeParse(changesSchema, json);
  const entries = result.success ? result.output : [];
  return new Map(entries.map(({ group, formerGroups }) => [group, formerGroups]));
}

/** The content of changes.json, without passwords. */
export function changesJson(changes: RememberedChanges): unknown {
  return [...changes].map(([group, formers]) => ({ group, formerGroups: formers.map(withoutPassword) }));
}

/** Whether a remembered group may be another one. With VRRPv2 it may: its password is not written down. */
export function mayHaveChanged(former: Instance, to: Instance): boolean {
  return former.vrrpVersion === 2 || !isSameGroup(former, to);
}

function withoutPassword({ authPass: _authPass, ...instance }: Instance): Omit<Instance, "authPass"> {
  return instance;
}
