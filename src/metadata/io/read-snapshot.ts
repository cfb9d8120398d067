/**
 * One consistent reading of metadata: who this host is, its service, the hosts of that service.
 *
 * Each path is read by itself, so the version is read again afterwards: it is drawn at random at every reload, and
 * an equal one proves that all answers came from one document. Only narrow paths are read, and in steady state their
 * number and size depend on the service alone, never on the environment.
 */
import { AgentError } from "../../errors.ts";
import { parseHost, parseHosts, parseListing, parseService, parseVersion } from "../document.ts";
import { type FoundBy, findOwnHost, type MachineIdentity, type OwnHost } from "../own-host.ts";
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
import type { Host, Service, Snapshot } from "../snapshot.ts";

/** How often a reading starts over because the version changed under it. */
const MAX_RESTARTS = 3;
/** Up to so many hosts are read one by one; beyond, the list of all hosts (0.5 KB each) costs less than the requests. */
const FEW_HOSTS = 16;

/** `MetadataClient.get`: JSON or text of a path; METADATA_NOT_FOUND where there is none. */
export type MetadataGet = (path: string, as?: "json" | "text") => Promise<unknown>;

export interface SnapshotRequest {
  /** The version that was announced. */
  readonly version: string;
  /** What this machine knows of itself; asked only where `self/host` has to be verified. */
  readonly readIdentity: () => Promise<MachineIdentity>;
  readonly service: ServiceLocator;
  /** The host that an earlier reading of this run found: `self/host` need not be verified while it names this one. */
  readonly verifiedHostUuid?: string | undefined;
}

/** A snapshot, and how this host was found. */
export interface SnapshotReading extends Snapshot {
  readonly foundBy: FoundBy;
  /** What `self/host` said, where that is another host. */
  readonly wrongSelfHost?: Host;
}

/**
 * The snapshot of `request.version`, or of a newer one.
 *
 * @throws {AgentError} HOST_UNKNOWN, HOST_AMBIGUOUS, SERVICE_UNKNOWN, METADATA_UNSTABLE, and those of `get`.
 */
export async function readSnapshot(get: MetadataGet, request: SnapshotRequest): Promise<SnapshotReading> {
  let version = request.version;
  for (let restarts = 0; restarts <= MAX_RESTARTS; restarts += 1) {
    const reading = await readOnce(get, request);
    const versionNow = parseVersion(await get("version"));
    if (versionNow === version) return { version, ...reading };
    version = versionNow;
  }
  throw new AgentError("METADATA_UNSTABLE", `metadata changed during ${MAX_RESTARTS + 1} readings in a row`);
}

async function readOnce(
  get: MetadataGet,
  request: SnapshotRequest,
): Promise<Omit<SnapshotReading, "version">> {
  const { self: found, allHosts } = await readSelf(get, request);
  const { host: self, by: foundBy, ...rest } = found;
  const listed = await readOwnService(get, request.service, self.environmentUuid);
  const containers = listed.containers.filter((it) => isOfEnvironment(it, self.environmentUuid));
  const uuids = new Set([self.uuid, ...containers.map(({ hostUuid }) => hostUuid)]);
  const hosts = (allHosts ?? (await readHosts(get, uuids, self))).filter(
    (host) => uuids.has(host.uuid) && isOfEnvironment(host, self.environmentUuid),
  );
  return { self, foundBy, ...rest, hosts, service: { ...listed, containers } };
}

/** This host, and all hosts where they had to be read to find it. */
async function readSelf(
  get: MetadataGet,
  request: SnapshotRequest,
): Promise<{ self: OwnHost; allHosts?: Host[] }> {
  const { readIdentity: local, verifiedHostUuid } = request;
  const document = await unlessNotFound(get("self/host"));
  const selfHost = document === undefined || document === null ? undefined : parseHost(document);
  if (selfHost && selfHost.uuid === verifiedHostUuid) return { self: { host: selfHost, by: "known" } };
  const identity = await local();
  if (selfHost && selfHost.uuid === identity.hostUuid) return { self: { host: selfHost, by: "uuid" } };
  const allHosts = parseHosts(await get("hosts"));
  return { self: findOwnHost(selfHost, allHosts, identity), allHosts };
}

/** The hosts of `uuids` that exist, among others perhaps; sorted by uuid. */
async function readHosts(get: MetadataGet, uuids: ReadonlySet<string>, self: Host): Promise<Host[]> {
  if (uuids.size <= FEW_HOSTS) {
    const reads = [...uuids].sort().map((uuid) => (uuid === self.uuid ? self : readHost(get, uuid)));
    const hosts = await Promise.all(reads);
    if (hosts.every((host) => host !== undefined)) return hosts;
  }
  // One 404 may be a passing fault; the list of all hosts says whether that one is gone
  return parseHosts(await get("hosts"));
}

/** Undefined also where another host answers: the server looks for a host of that name first. */
async function readHost(get: MetadataGet, uuid: string): Promise<Host | undefined> {
  const document = await unlessNotFound(get(`hosts/${encodeURIComponent(uuid)}`));
  const host = document === undefined ? undefined : parseHost(document);
  return host?.uuid === uuid ? host : undefined;
}

async function readOwnService(
  get: MetadataGet,
  locator: ServiceLocator,
  environmentUuid: string,
): Promise<Service> {
  const names = configuredNames(locator);
  return names ? await readNamed(get, names, environmentUuid) : await readByDockerId(get, locator);
}

/** A path by name reaches any one of the stacks of that name; where it is not ours, each is looked at by its index. */
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
  throw new AgentError("SERVICE_UNKNOWN", `every container of ${where} is of a linked environment`);
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

/** The remembered service, then all that the listings name: those are small, and `/containers` is not. */
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

async function readCandidate(get: MetadataGet, candidate: ServiceCandidate): Promise<Service | undefined> {
  const { stack, name } = candidate;
  const path = `stacks/${encodeURIComponent(stack)}/services/${encodeURIComponent(name)}`;
  const document = await unlessNotFound(get(path));
  return document === undefined ? undefined : parseService(document, candidate);
}

async function unlessNotFound(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AgentError && error.code === "METADATA_NOT_FOUND") return undefined;
    throw error;
  }
}
