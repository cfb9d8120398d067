/**
 * Finds the value at a path of a client's document.
 *
 * A client that has its own document never gets a value of the default one, even if its own lacks the key.
 */
import { canonicalAddress } from "../network/address.ts";
import { byName } from "../text/by-name.ts";
import type { Answers } from "./answers.ts";
import { DEFAULT_CLIENT } from "./client-documents.ts";
import { type DocumentObject, isObject } from "./document.ts";

/** A value that was found. It may be null. */
export interface FoundValue {
  readonly value: unknown;
}

/**
 * What a path leads to. `below-null`: it goes on below a null, where the real server ends the connection without an answer.
 */
export type MetadataAnswer = FoundValue | "below-null" | undefined;

/** A path can name an element of a list by these keys. The first one that matches counts. */
export const NAMING_KEYS = ["name", "uuid"] as const;

/** The path of each version. `latest` is listed even before an answers file was loaded. */
export function versionPaths(answers: Answers): DocumentObject {
  return byName([...answers.keys(), "latest"].map((version) => [version, `/${version}`]));
}

/** Keys match as written, or else in lower case. @returns undefined if the version, the client or the path is unknown. */
export function findAnswer(
  answers: Answers,
  version: string,
  client: string,
  path: readonly string[],
): MetadataAnswer {
  const documents = answers.get(version);
  const document = documents?.get(canonicalAddress(client) ?? client) ?? documents?.get(DEFAULT_CLIENT);
  if (document === undefined) return undefined;
  return (
    findAtPath(document, path) ??
    findAtPath(
      document,
      path.map((key) => key.toLowerCase()),
    )
  );
}

function findAtPath(document: DocumentObject, path: readonly string[]): MetadataAnswer {
  let found: FoundValue | undefined = { value: document };
  for (const key of path) {
    if (found.value === null) return "below-null";
    found = findChild(found.value, key);
    if (found === undefined) return undefined;
  }
  return found;
}

function findChild(value: unknown, key: string): FoundValue | undefined {
  if (Array.isArray(value)) return findElement(value, key);
  return isObject(value) && Object.hasOwn(value, key) ? { value: value[key] } : undefined;
}

/** A key of digits is always an index. An element whose name is a number can only be found by its uuid. */
function findElement(items: readonly unknown[], key: string): FoundValue | undefined {
  if (/^[+-]?\d+$/.test(key)) {
    const index = Number(key);
    return index >= 0 && index < items.length ? { value: items[index] } : undefined;
  }
  const named = items.find(
    (item) => isObject(item) && NAMING_KEYS.some((namingKey) => item[namingKey] === key),
  );
  return named === undefined ? undefined : { value: named };
}
