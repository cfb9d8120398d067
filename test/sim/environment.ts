/** What metadata tells of the service, as it changes; each container in each of its states is parsed once by the core. */

import { parseHosts, parseService } from "../../src/metadata/document.ts";
import { listMembers, liveContainers, type Member } from "../../src/metadata/members.ts";
import type { Container, Host, Snapshot } from "../../src/metadata/snapshot.ts";
import { OWN_SERVICE, type WireContainer, type WireHost, wireContainer, wireService } from "./wire.ts";

/** One state of the service. */
export interface Document {
  /** Of all that an agent reads for one version: its host, the service, the hosts, the version twice. */
  readonly bytes: number;
  readonly snapshotOf: (host: number) => Snapshot;
  /** The members as every host that runs a container reads them; one array for all documents with the same ones. */
  readonly members: readonly Member[];
  readonly isListed: (host: number) => boolean;
}

export class Environment {
  readonly hosts: readonly Host[];
  readonly #wireHosts: readonly WireHost[];
  readonly #placeOf: ReadonlyMap<string, number>;
  readonly #fixedBytes: number;
  readonly #known = new Map<string, readonly Member[]>();
  readonly #parsed = new WeakMap<WireContainer, Container>();
  #containers: ReadonlyMap<string, WireContainer>;
  #createIndex: number;
  #bytes = 0;
  #document: Document | undefined;

  constructor(wireHosts: readonly WireHost[]) {
    this.#wireHosts = wireHosts;
    const containers = wireHosts.map((host, index) => wireContainer(host, index + 1, "running"));
    this.#containers = new Map(containers.map((container) => [container.uuid, container]));
    this.#createIndex = containers.length;
    for (const container of containers) this.#bytes += bytesOf(container);
    const byUuid = new Map(parseHosts(wireHosts).map((host) => [host.uuid, host]));
    this.hosts = wireHosts.map(({ uuid }) => byUuid.get(uuid)!);
    this.#placeOf = new Map(wireHosts.map(({ uuid }, place) => [uuid, place]));
    const version = 2 * 38;
    this.#fixedBytes = bytesOf(wireHosts) + bytesOf(wireHosts[0]) + bytesOf(wireService([])) + version;
  }

  /** The host's container, in whatever state, that was created last. */
  newestOn(host: number): string {
    const { uuid } = this.#wireHosts[host]!;
    return [...this.#containers.values()].findLast(({ host_uuid }) => host_uuid === uuid)!.uuid;
  }

  create(host: number): string {
    this.#createIndex += 1;
    const container = wireContainer(this.#wireHosts[host]!, this.#createIndex, "creating");
    this.#put(container);
    return container.uuid;
  }

  setState(uuid: string, state: string): void {
    this.#put({ ...this.#containers.get(uuid)!, state });
  }

  remove(uuids: ReadonlySet<string>): void {
    for (const uuid of uuids) this.#bytes -= bytesOf(this.#containers.get(uuid));
    this.#containers = new Map([...this.#containers].filter(([uuid]) => !uuids.has(uuid)));
    this.#document = undefined;
  }

  /** The present state. */
  get document(): Document {
    this.#document ??= this.#makeDocument();
    return this.#document;
  }

  #put(container: WireContainer): void {
    const before = this.#containers.get(container.uuid);
    this.#bytes += bytesOf(container) - (before === undefined ? 0 : bytesOf(before));
    this.#containers = new Map([...this.#containers, [container.uuid, container]]);
    this.#document = undefined;
  }

  #makeDocument(): Document {
    const containers = [...this.#containers.values()].map((container) => this.#parse(container));
    const service = { ...OWN_SERVICE, metadata: {}, containers: containers.toSorted(byUuid) };
    const snapshotOf = (host: number) => ({
      version: "",
      self: this.hosts[host]!,
      hosts: this.hosts,
      service,
    });
    const alive = liveContainers(snapshotOf(0)).map(({ hostUuid }) => hostUuid);
    const key = alive.toSorted().join();
    const members = this.#known.get(key) ?? listMembers(snapshotOf(this.#placeOf.get(alive[0]!)!));
    this.#known.set(key, members);
    const present = new Set(alive);
    return {
      bytes: this.#fixedBytes + this.#bytes,
      snapshotOf,
      members,
      isListed: (host) => present.has(this.#wireHosts[host]!.uuid),
    };
  }

  #parse(container: WireContainer): Container {
    const known = this.#parsed.get(container);
    if (known !== undefined) return known;
    const [parsed] = parseService(wireService([container]), OWN_SERVICE).containers;
    this.#parsed.set(container, parsed!);
    return parsed!;
  }
}

function byUuid(a: Container, b: Container): number {
  return a.uuid < b.uuid ? -1 : 1;
}

/** As JSON, with the comma behind it. */
function bytesOf(value: unknown): number {
  return JSON.stringify(value).length + 1;
}
