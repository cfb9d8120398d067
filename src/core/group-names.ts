/** Which VRRP groups there are: those of the service metadata's `keepalived.instances`, else the one `main`. */
import { listInstances } from "./settings-metadata.ts";
import { escapeText, type Problem } from "./settings-source.ts";

/** Name of the one group of a service that has no `instances`. */
const ONLY_GROUP = "main";

/** It becomes a word of keepalived.conf, the name of a file and part of a label. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** Sorted names of the groups that can be used, and a problem for each of the others. */
export function listGroups(metadata: unknown): {
  readonly names: readonly string[];
  readonly problems: readonly Problem[];
} {
  const names = listInstances(metadata);
  if (names.length === 0) return { names: [ONLY_GROUP], problems: [] };
  const problems = names
    .filter((name) => !NAME.test(name))
    .map((name) => ({
      source: { kind: "metadata", name: "keepalived.instances" } as const,
      value: escapeText(name),
      allowed: "names of 1-64 letters, digits, _ and -",
    }));
  return { names: names.filter((name) => NAME.test(name)), problems };
}
