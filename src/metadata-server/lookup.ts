/**
 * The value that a path names for a client.
 *
 * A client with a document of its own never falls back to the default one, not even for a key that it lacks.
 */
import { canonicalAddress } from "../network/address.ts";
import type { Answers } from "./answers.ts";
import { DEFAULT_CLIENT } from "./client-documents.ts";
import { type Fields, isFields } from "./document.ts";

/** A value that was found; null is a value too. */
export interface FoundValue {
  readonly value: unknown;
}

/** Keys by which an element of a list can be named, in this order. */
export const NAMING_KEYS = ["name", "uuid"] as const;

/** Where each version is served; `latest` is there even while nothing was loaded. */
export function versionPaths(answers: Answers): Fields {
  return Object.fromEntries([...answers.keys(), "latest"].map((version) => [version, `/${version}`]));
}

/** @returns undefined where there is no such version, client or path. */
export function findAnswer(
  answers: Answers,
  version: string,
  client: string,
  path: readonly string[],
): FoundValue | undefined {
  const documents = answers.get(version);
  const document = documents?.get(canonicalAddress(client) ?? client) ?? documents?.get(DEFAULT_CLIENT);
  if (document === undefined) return undefined;
  return (
    walk(document, path) ??
    walk(
      document,
      path.map((key) => key.toLowerCase()),
    )
  );
}

function walk(document: Fields, path: readonly string[]): FoundValue | undefined {
  let found: FoundValue | undefined = { value: document };
  for (const key of path) {
    found = step(found.value, key);
    if (found === undefined) return undefined;
  }
  return found;
}

function step(value: unknown, key: string): FoundValue | undefined {
  if (Array.isArray(value)) return element(value, key);
  return isFields(value) && Object.hasOwn(value, key) ? { value: value[key] } : undefined;
}

/** What looks like a number is an index only, so an element with a number for a name has to be asked by uuid. */
function element(items: readonly unknown[], key: string): FoundValue | undefined {
  if (/^[+-]?\d+$/.test(key)) {
    const index = Number(key);
    return index >= 0 && index < items.length ? { value: items[index] } : undefined;
  }
  const named = items.find((item) => isFields(item) && NAMING_KEYS.some((naming) => item[naming] === key));
  return named === undefined ? undefined : { value: named };
}
