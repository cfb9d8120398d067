/**
 * The documents that the stand-in metadata service serves, made from its answers file for each API version and client.
 *
 * The file is YAML or JSON in one of two shapes. KEYED maps client addresses and `default` to documents that are served
 * as written. PLAIN is one environment, from which the server makes the documents of all clients.
 */
import { parse } from "yaml";
import { AgentError } from "../errors.ts";
import { canonicalAddress } from "../network/address.ts";
import { API_VERSIONS, type ApiVersion, documentInVersion } from "./api-version.ts";
import { type ClientDocuments, DEFAULT_CLIENT, documentsByClient } from "./client-documents.ts";
import { completeDocument } from "./complete-document.ts";
import { type DocumentObject, isObject } from "./document.ts";
import { parseEnvironment, selfHostUuid } from "./environment.ts";

/** A valid answers file. */
export type AnswersFile =
  | { readonly shape: "keyed"; readonly documents: ClientDocuments }
  | { readonly shape: "plain"; readonly environment: DocumentObject; readonly hostUuid: string };

/** Documents by API version (including `latest`) and client. Empty until an answers file was loaded. */
export type Answers = ReadonlyMap<string, ClientDocuments>;

/** What changes at each reload, as in Rancher: the version that clients poll, and the random order of every list. */
export interface ReloadSeed {
  readonly version: string;
  /** A random number of at least 0 and below 1. */
  readonly random: () => number;
}

/** @throws {AgentError} ANSWERS_INVALID if `text` is not YAML or has neither shape. */
export function parseAnswers(text: string): AnswersFile {
  const file = parseYaml(text);
  if (!isObject(file)) throw new AgentError("ANSWERS_INVALID", "the file is not a map");
  const keys = Object.keys(file);
  if (keys.some(isClient)) return { shape: "keyed", documents: parseKeyed(file) };
  if (!keys.includes("hosts")) {
    throw new AgentError("ANSWERS_INVALID", "the file has neither `default` or client addresses nor `hosts`");
  }
  const environment = parseEnvironment(file);
  return { shape: "plain", environment: completeDocument(environment), hostUuid: selfHostUuid(environment) };
}

/** The answers after a load or reload of `file`. */
export function createAnswers(file: AnswersFile, seed: ReloadSeed): Answers {
  const answers = new Map<string, ClientDocuments>();
  for (const version of API_VERSIONS) {
    const documents = documentsInVersion(file, version, seed);
    answers.set(version, documents).set("latest", documents); // the newest comes last
  }
  return answers;
}

function documentsInVersion(
  file: AnswersFile,
  apiVersion: ApiVersion,
  { version, random }: ReloadSeed,
): ClientDocuments {
  const served = (document: DocumentObject): DocumentObject => ({
    ...documentInVersion(document, apiVersion, (items) => shuffled(items, random)),
    version,
  });
  if (file.shape === "plain") return documentsByClient(served(file.environment), file.hostUuid);
  return new Map([...file.documents].map(([client, document]) => [client, served(document)]));
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { merge: true, logLevel: "error" });
  } catch (cause) {
    const [reason = ""] = String((cause as Error).message).split("\n", 1);
    throw new AgentError("ANSWERS_INVALID", `the file is not YAML: ${reason.replace(/:$/, "")}`, { cause });
  }
}

/** A client's document gets each field that it lacks from the default document. */
function parseKeyed(file: DocumentObject): ClientDocuments {
  const documents = new Map<string, DocumentObject>();
  for (const [client, document] of Object.entries(file)) {
    if (!isClient(client))
      throw new AgentError("ANSWERS_INVALID", `${client}: not \`default\` or an address`);
    if (!isObject(document)) throw new AgentError("ANSWERS_INVALID", `${client}: not a document`);
    documents.set(canonicalAddress(client) ?? client, document);
  }
  const fallback = documents.get(DEFAULT_CLIENT);
  return new Map([...documents].map(([client, document]) => [client, { ...fallback, ...document }]));
}

function isClient(key: string): boolean {
  return key === DEFAULT_CLIENT || canonicalAddress(key) !== undefined;
}

function shuffled(items: readonly unknown[], random: () => number): readonly unknown[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
