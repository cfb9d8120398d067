/** What a request asks of the metadata service, from its method and target alone. */
import { type LongPoll, parseWait } from "./long-poll.ts";

/** A value that is asked for, by API version and path below it. */
export interface ValueRequest {
  readonly kind: "value";
  readonly version: string;
  readonly path: readonly string[];
  readonly wait: LongPoll | undefined;
}

export type MetadataRequest =
  | { readonly kind: "malformed" }
  | { readonly kind: "moved"; readonly location: string }
  | { readonly kind: "unserved" }
  | { readonly kind: "versions" }
  | ValueRequest;

/** @param target The request line's target: a path, or a whole URL as a proxy's client sends it. */
export function parseRequest(method: string, target: string): MetadataRequest {
  const [rawPath = "", ...rest] = target.replace(/^https?:\/\/[^/?]*/, "").split("?");
  const query = rest.join("?");
  if (/%(?![0-9a-f]{2})/i.test(rawPath)) return { kind: "malformed" };

  const path = cleaned(rawPath);
  if (path !== rawPath) return { kind: "moved", location: query === "" ? path : `${path}?${query}` };
  if ((method !== "GET" && method !== "HEAD") || path === "/favicon.ico") return { kind: "unserved" };
  if (path === "/") return { kind: "versions" };

  const [version = "", ...keys] = path.slice(1).replace(/\/$/, "").split("/").map(decoded);
  const isBelowVersion = path.indexOf("/", 1) !== -1;
  const wait = isBelowVersion ? parseWait(new URLSearchParams(query)) : undefined;
  return { kind: "value", version, path: keys, wait };
}

/** Without empty, `.` and `..` segments; a closing slash stays. */
function cleaned(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  return kept.length > 0 && path.endsWith("/") ? `/${kept.join("/")}/` : `/${kept.join("/")}`;
}

/** Segments follow the rules of queries: a plus is a space. What is not UTF-8 stays as it is and names nothing. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment.replaceAll("+", " "));
  } catch {
    return segment;
  }
}
