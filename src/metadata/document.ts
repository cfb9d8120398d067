/**
 * Parses the answers of Rancher's metadata service into the types of snapshot.ts.
 *
 * A field that is absent, null, `[]` or `{}` means "none": the server changes between them from version to version.
 * Lists are sorted here, because the server orders them at random. A field of a wrong type makes the whole answer
 * malformed, because a document with a part left out would look like a smaller one.
 */
import * as v from "valibot";
import { byName } from "../text/by-name.ts";
import { limitExceededBy } from "./limits.ts";
import { malformed, parseWith } from "./parse-with.ts";
import type { Container, Host, Service } from "./snapshot.ts";

/** Uuids become path segments, so a value such as `..` is refused. */
const uuid = v.pipe(v.string(), v.regex(/^\w[\w.-]{0,127}$/));
const text = v.nullish(v.string(), "");
const optionalUuid = v.nullish(v.union([v.literal(""), uuid]), "");
const record = v.nullish(
  v.pipe(
    v.custom<object>(isRecord, "Invalid type: expected an object"),
    v.transform((value): Record<string, unknown> => ({ ...value })),
  ),
  {},
);
const labels = v.pipe(record, v.transform(stringsOf));

const hostSchema = v.pipe(
  v.object({
    uuid,
    name: text,
    hostname: text,
    agent_ip: text,
    agent_state: text,
    environment_uuid: text,
    labels,
  }),
  v.transform(
    ({ agent_ip, agent_state, environment_uuid, ...rest }): Host => ({
      ...rest,
      agentIp: agent_ip,
      agentState: agent_state,
      environmentUuid: environment_uuid,
    }),
  ),
);

const containerSchema = v.pipe(
  v.object({
    uuid,
    name: text,
    state: text,
    external_id: text,
    host_uuid: optionalUuid,
    primary_ip: text,
    environment_uuid: text,
    create_index: v.nullish(v.pipe(v.number(), v.finite()), 0),
  }),
  v.transform(
    (wire): Container => ({
      uuid: wire.uuid,
      name: wire.name,
      externalId: wire.external_id,
      state: wire.state,
      hostUuid: wire.host_uuid,
      primaryIp: wire.primary_ip,
      environmentUuid: wire.environment_uuid,
      createIndex: wire.create_index,
    }),
  ),
);

const hostsSchema = listOf(hostSchema);
const serviceSchema = v.object({ uuid, metadata: record, containers: listOf(containerSchema) });
const versionSchema = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,128}$/));

/** @throws {AgentError} METADATA_MALFORMED. */
export function parseHost(document: unknown): Host {
  return parseWith(hostSchema, document, "host");
}

/** Sorted by uuid. @throws {AgentError} METADATA_MALFORMED. */
export function parseHosts(document: unknown): Host[] {
  return parseWith(hostsSchema, document, "hosts").toSorted(byUuid);
}

/**
 * The service, with its containers sorted by uuid. Containers without a host are left out: their host is being removed.
 *
 * @param names the names that the service was requested by.
 * @throws {AgentError} METADATA_MALFORMED.
 */
export function parseService(document: unknown, names: Pick<Service, "stackName" | "name">): Service {
  const { metadata, containers } = parseWith(serviceSchema, document, "service");
  const excess = limitExceededBy(metadata);
  if (excess !== undefined) throw malformed("service", `expected ${excess} at metadata`);
  const placed = containers.filter((container) => container.hostUuid !== "");
  return { stackName: names.stackName, name: names.name, metadata, containers: placed.toSorted(byUuid) };
}

/** @throws {AgentError} METADATA_MALFORMED. */
export function parseVersion(document: unknown): string {
  return parseWith(versionSchema, document, "version");
}

function listOf<Output>(schema: v.BaseSchema<unknown, Output, v.BaseIssue<unknown>>) {
  return v.pipe(
    v.nullish(v.unknown(), []),
    v.transform((value) => (isEmptyObject(value) ? [] : value)),
    v.array(schema),
  );
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** An empty list counts as an empty object: the server writes both for "none". */
function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && (!Array.isArray(value) || value.length === 0);
}

function stringsOf(value: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(value);
  return byName(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function byUuid(a: { readonly uuid: string }, b: { readonly uuid: string }): number {
  if (a.uuid === b.uuid) return 0;
  return a.uuid < b.uuid ? -1 : 1;
}
