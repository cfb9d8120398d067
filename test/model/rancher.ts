/**
 * Rancher as the hosts of the model see it: one truth that changes, and on each host a metadata service that learns of a
 * change some time later, and may lie.
 *
 * It answers the paths that the agent asks, so that the agent's own reading runs against it. The document is the one of
 * the lab, so that a script can be replayed there.
 */
import { AgentError } from "../../src/errors.ts";
import type { MetadataGet } from "../../src/metadata/io/metadata-get.ts";
import { emptyEnvironment, type MetadataDocument, type MetadataHost } from "../e2e/lab/metadata-document.ts";

/** What a metadata service says besides the truth. */
export interface Lies {
  /** Nobody answers. */
  readonly isDown: boolean;
  /** It learns of nothing any more. */
  readonly isStuck: boolean;
  /** It tells an earlier version. */
  readonly versionsBack: number;
  /** Hosts whose containers it leaves out. */
  readonly missing: readonly string[];
  /** Hosts that it leaves out wholly. */
  readonly hostless: readonly string[];
  /** The state that it gives the container of each host. */
  readonly states: ReadonlyMap<string, string>;
  /** Whom `self/host` names. */
  readonly self: string | undefined;
}

const NO_LIES: Lies = {
  isDown: false,
  isStuck: false,
  versionsBack: 0,
  missing: [],
  hostless: [],
  states: new Map(),
  self: undefined,
};

export const DOCKER0_ADDRESS = "172.17.0.1";

/** All versions of the truth. */
export class Rancher {
  readonly versions: MetadataDocument[] = [emptyEnvironment()];

  get truth(): MetadataDocument {
    return this.versions.at(-1)!;
  }

  /** @returns the number of the new version. */
  change(how: (document: MetadataDocument) => void): number {
    const next = structuredClone(this.truth);
    how(next);
    return this.versions.push(next) - 1;
  }
}

/** The metadata service of one host. */
export class MetadataService {
  /** The host's agent is told that there may be something new. */
  onChange: () => void = () => undefined;
  lies: Lies = NO_LIES;
  /** When it last began or ceased to lie. */
  changedMs: number | undefined;
  /** When it last told another address of its own host. */
  addressChangedMs: number | undefined;
  readonly #lacksSinceMs = new Map<string, number>();
  readonly #rancher: Rancher;
  readonly #hostName: string;
  #known = 0;
  #learned = 0;
  #edition = 0;
  #told: MetadataDocument;

  constructor(rancher: Rancher, hostName: string) {
    [this.#rancher, this.#hostName] = [rancher, hostName];
    this.#told = rancher.truth;
  }

  get version(): string {
    return `version-${this.#edition}`;
  }

  /** What it says now. */
  get told(): MetadataDocument {
    return this.#told;
  }

  /** The truth of this version reaches the service. */
  learn(version: number, nowMs: number): void {
    this.#learned = Math.max(this.#learned, version);
    this.#update(nowMs);
  }

  /** Since when it lists no container on this host; undefined while it does. */
  lacksSinceMs(hostName: string): number | undefined {
    return this.#lacksSinceMs.get(hostName);
  }

  lie(lies: Partial<Lies>, nowMs: number): void {
    this.changedMs = nowMs;
    this.lies = { ...this.lies, ...lies };
    this.#update(nowMs);
  }

  tellTruth(nowMs: number): void {
    this.changedMs = nowMs;
    this.lies = NO_LIES;
    this.#update(nowMs);
  }

  readonly get: MetadataGet = async (path) => {
    if (this.lies.isDown) throw new AgentError("METADATA_UNREACHABLE", "the metadata service is down");
    const answer = this.#answer(path);
    if (answer === undefined) throw new AgentError("METADATA_NOT_FOUND", `no ${path}`);
    return answer;
  };

  #update(nowMs: number): void {
    if (!this.lies.isStuck) this.#known = this.#learned;
    const document = this.#rancher.versions[Math.max(0, this.#known - this.lies.versionsBack)]!;
    const addressBefore = this.#ownAddress;
    this.#told = distort(document, this.lies);
    if (this.#ownAddress !== addressBefore) this.addressChangedMs = nowMs;
    this.#noteLacking(nowMs);
    this.#edition += 1;
    this.onChange();
  }

  get #ownAddress(): string | undefined {
    return this.#told.hosts.find(({ name }) => name === this.#hostName)?.agent_ip;
  }

  #noteLacking(nowMs: number): void {
    const { containers, hosts } = this.#told;
    const placed = new Set(containers.map(({ host_uuid }) => host_uuid));
    const listed = new Set(hosts.filter(({ uuid }) => placed.has(uuid)).map(({ name }) => name));
    for (const { name } of this.#rancher.truth.hosts) {
      if (listed.has(name)) this.#lacksSinceMs.delete(name);
      else if (!this.#lacksSinceMs.has(name)) this.#lacksSinceMs.set(name, nowMs);
    }
  }

  #answer(path: string): unknown {
    const { hosts, containers, stacks } = this.#told;
    if (path === "version") return this.version;
    if (path === "self/host") return this.#self();
    if (path === "hosts") return hosts;
    if (path === "stacks") return "0=lb";
    if (path.startsWith("hosts/")) return hosts.find(({ uuid }) => path === `hosts/${uuid}`);
    const service = stacks[0]?.services[0];
    return path === `stacks/lb/services/keepalived` ? { ...service, containers } : undefined;
  }

  /** A host-networked agent asks with docker0's address: a host that is registered with it is everybody's `self`. */
  #self(): MetadataHost | undefined {
    const { hosts } = this.#told;
    const atDocker0 = hosts.find(({ agent_ip }) => agent_ip === DOCKER0_ADDRESS);
    const name = this.lies.self ?? atDocker0?.name ?? this.#hostName;
    return hosts.find((host) => host.name === name);
  }
}

function distort(document: MetadataDocument, { missing, hostless, states }: Lies): MetadataDocument {
  if (missing.length + hostless.length + states.size === 0) return document;
  const nameOf = new Map(document.hosts.map(({ uuid, name }) => [uuid, name]));
  const containers = document.containers.flatMap((container) => {
    const name = nameOf.get(container.host_uuid) ?? "";
    if (missing.includes(name) || hostless.includes(name)) return [];
    return [{ ...container, state: states.get(name) ?? container.state }];
  });
  return { ...document, hosts: document.hosts.filter(({ name }) => !hostless.includes(name)), containers };
}
