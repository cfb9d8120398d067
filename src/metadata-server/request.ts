/** Parses a request to the metadata service. Only the method and the target count. */
import { type LongPoll, parseLongPoll } from "./long-poll.ts";

/** A request for the value at a path of one API version. */
export interface ValueRequest {
  readonly kind: "value";
  readonly version: string;
  readonly path: readonly string[];
  readonly longPoll: LongPoll | undefined;
}

export type MetadataRequest =
  | { readonly kind: "malformed" }
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "unsupported" }
  | { readonly kind: "versions" }
  | ValueRequest;

/** @param target The target of the request line: a path, or a whole URL from a client that uses a proxy. */
export function parseRequest(method: string, target: string): MetadataRequest {
  const [rawPath = "", ...rest] = target.replace(/^https?:\/\/[^/?]*/, "").split("?");
  const query = rest.join("?");
  if (/%(?![0-9a-f]{2})/i.test(rawPath)) return { kind: "malformed" };

  const path = normalizePath(rawPath);
  if (path !== rawPath) return { kind: "redirect", location: query === "" ? path : `${path}?${query}` };
  if ((method !== "GET" && method !== "HEAD") || path === "/favicon.ico") return { kind: "unsupported" };
  if (path === "/") return { kind: "versions" };

  const [version = "", ...keys] = path.slice(1).replace(/\/$/, "").split("/").map(decodeSegment);
  const isBelowVersion = path.indexOf("/", 1) !== -1;
  const longPoll = isBelowVersion ? parseLongPoll(new URLSearchParams(query)) : undefined;
  return { kind: "value", version, path: keys, longPoll };
}

/** Resolves empty, `.` and `..` segments and keeps a trailing slash. */
function normalizePath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  return kept.length > 0 && path.endsWith("/") ? `/${kept.join("/")}/` : `/${kept.join("/")}`;
}

/** Decodes a segment as a query: a plus is a space. A segment that is not UTF-8 stays encoded and matches no key. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment.replaceAll("+", " "));
  } catch {
    return segment;
  }
}
