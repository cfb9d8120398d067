/** The names of the VRRP groups: those under `keepalived.instances` in the service's metadata, else `main`. */
import { FORBIDDEN_KEYWORDS } from "../conf/word.ts";
import { listMetadataGroups } from "../settings/metadata-keys.ts";
import type { SettingProblem } from "../settings/problem.ts";
import { escapeText } from "../text/escape.ts";

/** Name of the one group of a service without `instances`. */
const ONLY_GROUP = "main";

/** A name becomes a word of keepalived.conf, the name of a file and a part of a label. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** The number of VRIDs in a network. */
const MAX_GROUPS = 255;

/** The usable names, sorted, and a problem for each of the others. Of too many groups none is usable. */
export function listGroups(metadata: unknown): {
  readonly names: readonly string[];
  readonly problems: readonly SettingProblem[];
} {
  const names = listMetadataGroups(metadata);
  if (names.length === 0) return { names: [ONLY_GROUP], problems: [] };
  const source = { kind: "metadata", name: "keepalived.instances" } as const;
  if (names.length > MAX_GROUPS) {
    const problem = { source, value: `${names.length} groups`, allowed: `at most ${MAX_GROUPS} groups` };
    return { names: [], problems: [problem] };
  }
  const problems = names
    .filter((name) => !isUsable(name))
    .map((name) => ({
      source,
      value: escapeText(name),
      allowed: "names of 1-64 letters, digits, _ and - that have no meaning in keepalived.conf",
    }));
  return { names: names.filter(isUsable), problems };
}

function isUsable(name: string): boolean {
  return NAME.test(name) && !Object.hasOwn(FORBIDDEN_KEYWORDS, name);
}
