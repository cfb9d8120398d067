/**
 * One consistent reading of metadata: who this host is, its service, the hosts of that service.
 *
 * Each path is read by itself, so the version is read again afterwards: it is drawn at random at every reload, and
 * an equal one proves that all answers came from one document. Only narrow paths are read, and in steady state their
 * number and size depend on the service alone, never on the environment.
 */
import { AgentError } from "../../errors.ts";
import { parseHost, parseHosts, parseVersion } from "../document.ts";
import { type FoundBy, findOwnHost, type MachineIdentity, type OwnHost } from "../own-host.ts";
import { isOfEnvironment, type ServiceLocator } from "../own-service.ts";
import type { Host, Snapshot } from "../snapshot.ts";
import { type MetadataGet, unlessNotFound } from "./metadata-get.ts";
import { readOwnService } from "./read-service.ts";

/** How often a reading starts over because the version changed under it. */
const MAX_RESTARTS = 3;
/** Up to so many hosts are read one by one; beyond, the list of all hosts (0.5 KB each) costs less than the requests. */
const FEW_HOSTS = 16;

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
