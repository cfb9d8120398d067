/**
 * The answers of the stand-in metadata service: what its file says, for each API version and client.
 *
 * The file is YAML or JSON in one of two shapes. KEYED maps client addresses and `default` to documents as they
 * are served. PLAIN is one environment, written once, from which the documents of all clients are made.
 */
import { parse } from "yaml";
import { AgentError } from "../errors.ts";
import { canonicalAddress } from "../network/address.ts";
import { API_VERSIONS, type ApiVersion, documentInVersion } from "./api-version.ts";
import { type ClientDocuments, DEFAULT_CLIENT, documentsByClient } from "./client-documents.ts";
import { type Fields, isFields } from "./document.ts";
import { parseEnvironment, selfHostUuid } from "./environment.ts";
import { joinPlaces } from "./join.ts";

/** A valid answers file. */
export type AnswersFile =
  | { readonly shape: "keyed"; readonly documents: ClientDocuments }
  | { readonly shape: "plain"; readonly environment: Fields; readonly hostUuid: string };

/** Documents by API version, `latest` among them, and client. Empty until a file was loaded. */
export type Answers = ReadonlyMap<string, ClientDocuments>;

/** What Rancher draws anew at each reload: the version that clients poll, and the order of every list. */
export interface ReloadSeed {
  readonly version: string;
  /** 0 to below 1, as `Math.random`. */
  readonly random: () => number;
}

/** @throws {AgentError} ANSWERS_INVALID where `text` is not YAML or of neither shape. */
export function parseAnswers(text: string): AnswersFile {
  const file = parseYaml(text);
  if (!isFields(file)) throw new AgentError("ANSWERS_INVALID", "the file is not a map");
  const keys = Object.keys(file);
  if (keys.some(isClient)) return { shape: "keyed", documents: parseKeyed(file) };
  if (!keys.includes("hosts")) {
    throw new AgentError("ANSWERS_INVALID", "the file has neither `default` or client addresses nor `hosts`");
  }
  const environment = parseEnvironment(file);
  return { shape: "plain", environment: joinPlaces(environment), hostUuid: selfHostUuid(environment) };
}

/** The answers after one (re)load of `file`. */
export function createAnswers(file: AnswersFile, draw: ReloadSeed): Answers {
  const answers = new Map<string, ClientDocuments>();
  for (const version of API_VERSIONS) {
    const documents = drawVersion(file, version, draw);
    answers.set(version, documents).set("latest", documents); // the newest comes last
  }
  return answers;
}

function drawVersion(
  file: AnswersFile,
  apiVersion: ApiVersion,
  { version, random }: ReloadSeed,
): ClientDocuments {
  const served = (document: Fields): Fields => ({
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
    throw new AgentError("ANSWERS_INVALID", "the file is not YAML", { cause });
  }
}

/** Clients see the default document's fields wherever their own has none. */
function parseKeyed(file: Fields): ClientDocuments {
  const documents = new Map<string, Fields>();
  for (const [client, document] of Object.entries(file)) {
    if (!isClient(client))
      throw new AgentError("ANSWERS_INVALID", `${client}: not \`default\` or an address`);
    if (!isFields(document)) throw new AgentError("ANSWERS_INVALID", `${client}: not a document`);
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
