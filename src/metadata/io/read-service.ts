/**
 * Reads the agent's own service: by the names of the settings, else as the service that lists the agent's container.
 *
 * Services are looked up one by one, because the listings are small and `/containers` is not.
 */
import { AgentError } from "../../errors.ts";
import { parseService } from "../document.ts";
import { parseListing } from "../listing.ts";
import {
  chooseOwnService,
  configuredNames,
  isOfEnvironment,
  listsContainer,
  orderCandidates,
  type ServiceCandidate,
  type ServiceLocator,
  type ServiceNames,
} from "../own-service.ts";
import type { Service } from "../snapshot.ts";
import { isConnectionClosed, type MetadataGet, unlessNotFound } from "./metadata-get.ts";

/** @throws {AgentError} SERVICE_UNKNOWN, METADATA_NOT_FOUND, and those of `get`. */
export async function readOwnService(
  get: MetadataGet,
  locator: ServiceLocator,
  environmentUuid: string,
): Promise<Service> {
  const names = configuredNames(locator);
  return names ? await readNamed(get, names, environmentUuid) : await readByDockerId(get, locator);
}

/**
 * A path by name reaches any of several stacks of that name. If it reaches another environment's, each is read by its
 * index.
 */
async function readNamed(get: MetadataGet, names: ServiceNames, environmentUuid: string): Promise<Service> {
  const first = await readCandidate(get, { ...names, stack: names.stackName });
  if (first?.containers.some((it) => isOfEnvironment(it, environmentUuid))) return first;
  const twins: Service[] = [];
  for (const { index, name } of parseListing(await get("stacks", "text"))) {
    const twin = name === names.stackName && (await readCandidate(get, { ...names, stack: String(index) }));
    if (twin) twins.push(twin);
  }
  const own = chooseOwnService(twins, environmentUuid);
  if (own) return own;
  const where = `${names.stackName}/${names.name}`;
  if (first === undefined) throw new AgentError("METADATA_NOT_FOUND", `metadata has no service ${where}`);
  throw new AgentError("SERVICE_UNKNOWN", `every container of ${where} belongs to a linked environment`);
}

async function readByDockerId(get: MetadataGet, locator: ServiceLocator): Promise<Service> {
  const { dockerId } = locator;
  if (dockerId === undefined) {
    throw new AgentError("SERVICE_UNKNOWN", "no names are set, and this container's Docker id is not known");
  }
  for await (const candidate of candidatesFor(get, locator)) {
    const service = await readCandidate(get, candidate);
    if (service && listsContainer(service, dockerId)) return service;
  }
  throw new AgentError("SERVICE_UNKNOWN", `no service in metadata lists the container ${dockerId}`);
}

/** The remembered service first, then every service that the listings name. */
async function* candidatesFor(get: MetadataGet, locator: ServiceLocator): AsyncGenerator<ServiceCandidate> {
  if (locator.remembered) yield { ...locator.remembered, stack: locator.remembered.stackName };
  const candidates: ServiceCandidate[] = [];
  for (const { index, name: stackName } of parseListing(await get("stacks", "text"))) {
    const services = await unlessNotFound(get(`stacks/${index}/services`, "text"));
    const listed = services === undefined ? [] : parseListing(services);
    candidates.push(...listed.map(({ name }) => ({ stackName, name, stack: String(index) })));
  }
  yield* orderCandidates(candidates, locator);
}

/** Undefined where the stack has no such service, or no service at all: then the server closes the connection. */
async function readCandidate(get: MetadataGet, candidate: ServiceCandidate): Promise<Service | undefined> {
  const { stack, name } = candidate;
  const services = `stacks/${encodeURIComponent(stack)}/services`;
  try {
    const document = await unlessNotFound(get(`${services}/${encodeURIComponent(name)}`));
    return document === undefined ? undefined : parseService(document, candidate);
  } catch (error) {
    if (isConnectionClosed(error) && (await unlessNotFound(get(services, "text"))) === "") return undefined;
    throw error;
  }
}
