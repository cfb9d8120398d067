/** Host labels as group settings: `keepalived.priority` is for all groups, `keepalived.web.priority` for the group `web`. */
import type { Row } from "./row.ts";
import { type GroupReading, readSection } from "./section.ts";
import { AGENT_ROWS } from "./table-agent.ts";
import { isMiscased, miscasedKeyProblem } from "./unknown-key.ts";

const PREFIX = "keepalived.";
/** Labels that are for the agent and for no group: the other hosts read them. */
const AGENT_KEYS = new Set(Object.values<Row>(AGENT_ROWS).map(({ label }) => label));

/**
 * @param groups names of the service's groups. Labels of other ones than `group` are skipped. No name has a dot.
 * @returns the labels of the group itself, and those for all groups.
 */
export function readLabels(
  group: string,
  labels: Readonly<Record<string, unknown>>,
  groups: ReadonlySet<string>,
): { own: GroupReading; shared: GroupReading } {
  const own = new Map<string, unknown>();
  const shared = new Map<string, unknown>();
  const isOfOtherGroup = (key: string) => {
    const end = key.indexOf(".");
    return end >= 0 && !key.startsWith(`${group}.`) && groups.has(key.slice(0, end));
  };
  const miscased = Object.entries(labels)
    .filter(([label]) => label.length > PREFIX.length && isMiscased(label))
    .filter(([label]) => !isOfOtherGroup(label.slice(PREFIX.length)))
    .flatMap(([label, value]) => miscasedKeyProblem("label", label, value) ?? []);
  for (const [label, value] of Object.entries(labels)) {
    if (!label.startsWith(PREFIX)) continue;
    const key = label.slice(PREFIX.length);
    if (AGENT_KEYS.has(key)) continue;
    if (key.startsWith(`${group}.`)) own.set(key.slice(group.length + 1), value);
    else if (!isOfOtherGroup(key)) shared.set(key, value);
  }
  const ofAll = readSection({ place: "label", prefix: PREFIX, entries: shared });
  return {
    own: readSection({ place: "label", prefix: `${PREFIX}${group}.`, entries: own }),
    shared: { ...ofAll, problems: [...ofAll.problems, ...miscased] },
  };
}
