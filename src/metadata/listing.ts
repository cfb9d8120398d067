/** Parses a list of metadata in text form, which names the elements without their content. */
import * as v from "valibot";
import { malformed, parseWith } from "./parse-with.ts";

/** One line of a listing. `index` is a place in the server's array, and holds for one version of metadata only. */
export interface ListingEntry {
  readonly index: number;
  readonly name: string;
}

/** Parses lines of `INDEX=NAME`. Elements without a name are left out. @throws {AgentError} METADATA_MALFORMED. */
export function parseListing(document: unknown): ListingEntry[] {
  const lines = parseWith(v.string(), document, "listing").split("\n");
  return lines.filter(Boolean).flatMap((line) => {
    const [, index, name] = /^(\d+)(?:\/|=(.*))?$/.exec(line) ?? [];
    if (index === undefined) throw malformed("listing", "expected INDEX=NAME on every line");
    return name ? [{ index: Number(index), name: unescapeName(name) }] : [];
  });
}

/** The server escapes names as in a query string: a space is `+`. */
function unescapeName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    throw malformed("listing", "expected names escaped as in a query string");
  }
}
