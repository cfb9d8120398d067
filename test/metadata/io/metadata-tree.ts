/**
 * Rancher's metadata document as `get` sees it: paths by key, by index, by name or uuid; arrays as text listings.
 *
 * It stands in for a server where a test is about what is read, not how.
 */
import { AgentError } from "../../../src/errors.ts";
import type { MetadataGet } from "../../../src/metadata/io/metadata-get.ts";

type Named = { readonly name?: unknown; readonly uuid?: unknown } | null;

export interface MetadataTree {
  readonly get: MetadataGet;
  /** Paths in the order in which they were read. */
  readonly asked: string[];
}

/** @param documentNow gives the document that a request meets; it may differ from one request to the next. */
export function metadataTree(documentNow: (path: string) => unknown): MetadataTree {
  const asked: string[] = [];
  const get: MetadataGet = async (path, as = "json") => {
    asked.push(path);
    const found = path.split("/").reduce(step, documentNow(path));
    if (found === undefined) throw new AgentError("METADATA_NOT_FOUND", path);
    return as === "json" ? structuredClone(found) : listing(found);
  };
  return { get, asked };
}

function step(document: unknown, segment: string): unknown {
  const key = decodeURIComponent(segment);
  if (!Array.isArray(document)) return (document as Record<string, unknown> | null | undefined)?.[key];
  const elements: Named[] = document;
  const named = elements.find((it) => it?.name === key) ?? elements.find((it) => it?.uuid === key);
  return named ?? document[Number(key)];
}

function listing(document: unknown): string {
  if (!Array.isArray(document)) return "";
  const elements: Named[] = document;
  return elements.map((it, index) => `${index}=${encodeURIComponent(String(it?.name ?? ""))}\n`).join("");
}
