/** Variables that set nothing, and whose names are nearly those of settings: probably misspelt. They are never refused. */
import { escapeText } from "../text/escape.ts";
import { nearestName } from "../text/nearest-name.ts";
import { ALL_ROWS } from "./table.ts";

/** Further edits make another name: VIRTUAL_HOST and SERVICE_PORT are of other programs. */
const MOST_EDITS = 2;

const VARIABLES = ALL_ROWS.flatMap(({ variable }) => variable ?? []);
const KNOWN: ReadonlySet<string> = new Set(VARIABLES);

/** Names of other programs that are as near as a misspelt one. */
const OTHERS: ReadonlySet<string> = new Set(["DEVICE_NAME", "HOST_ID", "STATIC_DIR"]);

/** One sentence for each, without its value, which may be a secret. */
export function noteNearVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(env)
    .filter((name) => env[name]?.trim() && !KNOWN.has(name) && !OTHERS.has(name))
    .toSorted()
    .flatMap((name) => {
      const meant = variableNear(name.toUpperCase());
      return meant === undefined
        ? []
        : [`${escapeText(name)} (environment) is no setting; did you mean ${meant}?`];
    });
}

function variableNear(name: string): string | undefined {
  // most environments are large, and few names have a length at which they can be near
  const candidates = VARIABLES.filter((known) => Math.abs(known.length - name.length) <= MOST_EDITS);
  return nearestName(name, candidates, MOST_EDITS);
}
