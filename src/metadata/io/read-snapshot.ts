/**
 * Reads one consistent snapshot of metadata: this host, its service, and the hosts of that service and of its members.
 *
 * Each path is a request of its own, so the version is read again at the end. It is random and changes at every reload,
 * so an equal version proves that all answers came from one document. Once this host is verified, the cost of a reading
 * depends on the size of the service and not on that of the environment.
 */
import { AgentError } from "../../errors.ts";
import { parseHost, parseHosts, parseVersion } from "../document.ts";
import { type FoundBy, findOwnHost, type MachineIdentity, type OwnHost } from "../own-host.ts";
import { isOfEnvironment, listsContainer, type ServiceLocator } from "../own-service.ts";
import type { Host, Service, Snapshot } from "../snapshot.ts";
import { type MetadataGet, unlessNotFound } from "./metadata-get.ts";
import { readOwnService } from "./read-service.ts";

/** A reading starts over this often when the version changes during it. */
const MAX_RESTARTS = 3;
/** Up to this many hosts are read one by one. For more, the list of all hosts (0.5 KB each) costs less. */
const FEW_HOSTS = 16;

export interface SnapshotRequest {
  /** The version that the poll announced. */
  readonly version: string;
  /** Reads what this machine knows about itself. Called only where `self/host` has to be verified. */
  readonly readIdentity: () => Promise<MachineIdentity>;
  readonly service: ServiceLocator;
  /** The host that an earlier reading of this run verified. `self/host` is trusted while it names this host. */
  readonly verifiedHostUuid?: string | undefined;
  /** Hosts that are read, too, where metadata lists them: those that are members whatever the service lists. */
  readonly memberUuids?: readonly string[];
}

/** A snapshot, and how this host was found. */
export interface SnapshotReading extends Snapshot {
  readonly foundBy: FoundBy;
  /** The host that `self/host` names, where that is not this one. */
  readonly wrongSelfHost?: Host;
}

/**
 * The snapshot of `request.version`, or of a newer one.
 *
 * @throws {AgentError} HOST_UNKNOWN, HOST_AMBIGUOUS, SERVICE_UNKNOWN, METADATA_UNSTABLE, and the errors of `get`.
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
  const { self: found, allHosts, service } = await readSelf(get, request);
  const { host: self, by: foundBy, ...rest } = found;
  const listed = service ?? (await readOwnService(get, request.service, self.environmentUuid));
  const containers = listed.containers.filter((it) => isOfEnvironment(it, self.environmentUuid));
  const listedUuids = containers.map(({ hostUuid }) => hostUuid);
  const uuids = new Set([self.uuid, ...listedUuids, ...(request.memberUuids ?? [])]);
  const hosts = (allHosts ?? (await readHosts(get, uuids, self))).filter(
    (host) => uuids.has(host.uuid) && isOfEnvironment(host, self.environmentUuid),
  );
  return { self, foundBy, ...rest, hosts, service: { ...listed, containers } };
}

/** This host. `allHosts` and `service` are given where they had to be read to find it. */
async function readSelf(
  get: MetadataGet,
  request: SnapshotRequest,
): Promise<{ self: OwnHost; allHosts?: Host[]; service?: Service | undefined }> {
  const { readIdentity, verifiedHostUuid } = request;
  const document = await unlessNotFound(get("self/host"));
  const selfHost = document === undefined || document === null ? undefined : parseHost(document);
  if (selfHost && selfHost.uuid === verifiedHostUuid) return { self: { host: selfHost, by: "known" } };
  const identity = await readIdentity();
  if (selfHost && selfHost.uuid === identity.hostUuid) return { self: { host: selfHost, by: "uuid" } };
  const allHosts = parseHosts(await get("hosts"));
  const service = await readServiceOfContainer(get, request.service);
  const container = service?.containers.find(({ externalId }) => externalId === request.service.dockerId);
  const found = findOwnHost(selfHost, allHosts, { ...identity, containerHostUuid: container?.hostUuid });
  return { self: found, allHosts, service };
}

/** The service that lists the agent's own container. Undefined where none does, or the container's id is not known. */
async function readServiceOfContainer(
  get: MetadataGet,
  locator: ServiceLocator,
): Promise<Service | undefined> {
  const { dockerId } = locator;
  if (dockerId === undefined) return undefined;
  try {
    const service = await readOwnService(get, locator, "");
    return listsContainer(service, dockerId) ? service : undefined;
  } catch (error) {
    // what is wrong with the service is reported once this host is known
    const isMissing =
      error instanceof AgentError && ["SERVICE_UNKNOWN", "METADATA_NOT_FOUND"].includes(error.code);
    if (isMissing) return undefined;
    throw error;
  }
}

/** The hosts of `uuids` that exist, sorted by uuid. Other hosts may be among them. */
async function readHosts(get: MetadataGet, uuids: ReadonlySet<string>, self: Host): Promise<Host[]> {
  if (uuids.size <= FEW_HOSTS) {
    const reads = [...uuids].sort().map((uuid) => (uuid === self.uuid ? self : readHost(get, uuid)));
    const hosts = await Promise.all(reads);
    if (hosts.every((host) => host !== undefined)) return hosts;
  }
  // a 404 may be a passing fault: the list of all hosts shows whether that host is gone
  return parseHosts(await get("hosts"));
}

/** Undefined where the host is missing, or another host has the uuid as its name: the server tries names first. */
async function readHost(get: MetadataGet, uuid: string): Promise<Host | undefined> {
  const document = await unlessNotFound(get(`hosts/${encodeURIComponent(uuid)}`));
  const host = document === undefined ? undefined : parseHost(document);
  return host?.uuid === uuid ? host : undefined;
}
