/** Which VRRP groups there are: those of the service metadata's `keepalived.instances`, else the one `main`. */
import { FORBIDDEN } from "../conf/word.ts";
import { listInstances } from "../settings/metadata-keys.ts";
import type { Problem } from "../settings/source.ts";
import { escapeText } from "../text/escape.ts";

/** Name of the one group of a service that has no `instances`. */
const ONLY_GROUP = "main";

/** It becomes a word of keepalived.conf, the name of a file and part of a label. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** VRRP numbers so many in a network. */
const MOST = 255;

/** Sorted names of the groups that can be used, and a problem for each of the others; of too many, none. */
export function listGroups(metadata: unknown): {
  readonly names: readonly string[];
  readonly problems: readonly Problem[];
} {
  const names = listInstances(metadata);
  if (names.length === 0) return { names: [ONLY_GROUP], problems: [] };
  const source = { kind: "metadata", name: "keepalived.instances" } as const;
  if (names.length > MOST) {
    const problem = { source, value: `${names.length} groups`, allowed: `at most ${MOST} groups` };
    return { names: [], problems: [problem] };
  }
  const problems = names
    .filter((name) => !isName(name))
    .map((name) => ({
      source,
      value: escapeText(name),
      allowed: "names of 1-64 letters, digits, _ and -, that keepalived.conf gives no meaning",
    }));
  return { names: names.filter(isName), problems };
}

function isName(name: string): boolean {
  return NAME.test(name) && !Object.hasOwn(FORBIDDEN, name);
}
