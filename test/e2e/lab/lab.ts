/**
 * Rancher hosts made of network namespaces, for end-to-end tests and the demo: each with docker0, its own metadata
 * service and real iptables rules to a backend; with a client that asks the virtual IP through all of that, and with a
 * record of who held it when. Nothing outside namespaces of its own is touched, and nothing is left behind.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awaitForwarding } from "./bridge.ts";
import type { Child } from "./child.ts";
import { run } from "./command.ts";
import { unmountBelow } from "./disk.ts";
import { guardExit } from "./exit-guard.ts";
import { Host } from "./host.ts";
import { imageProgram } from "./image-program.ts";
import { buildLan, plugInHosts } from "./lan.ts";
import { BUILT_PROGRAM, Metadata, type MetadataServerCommand, standInMetadataServer } from "./metadata.ts";
import { addContainer, addHost } from "./metadata-changes.ts";
import { kill, namespacesOf, newLabName, removeNamespaces, sweepStaleLabs } from "./namespace.ts";
import { Ownership } from "./ownership.ts";
import { type ProbeOptions, Prober } from "./prober.ts";
import type { IptablesBackend } from "./rancher-rules.ts";
import { requirements } from "./requirements.ts";
import { type HostNetwork, hostNetwork, type LabNetwork, labNetwork } from "./topology.ts";

export interface LabOptions {
  readonly hosts: number;
  /** Which of the kernel's two rule sets the hosts use: nft unless told. Rancher's own images use legacy. */
  readonly backend?: IptablesBackend;
  /** Command line of the product without a subcommand: dist/ as the image runs it unless told. */
  readonly program?: readonly string[];
  /** The product's own stand-in unless told. */
  readonly metadataServer?: MetadataServerCommand;
}

/**
 * A lab whose hosts serve their ports, are listed in metadata with one running container each, and run no agent yet.
 *
 * @throws {Error} where the machine lacks something (requirements.ts says what), or a command fails; nothing is left.
 */
export async function createLab(options: LabOptions): Promise<Lab> {
  const missing = requirements();
  if (missing !== undefined) throw new Error(missing);
  sweepStaleLabs();
  const lab = new Lab(options);
  try {
    await lab.build(options.hosts);
    return lab;
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}

export class Lab {
  readonly name = newLabName();
  readonly hosts: Host[] = [];
  readonly metadata: Metadata;
  readonly ownership = new Ownership();
  readonly #options: LabOptions;
  readonly #network: LabNetwork;
  readonly #folder: string;
  readonly #children = new Set<Child>();
  readonly #releaseExit: () => void;
  #isDisposed = false;

  /** Use {@link createLab}: a lab must be built before it is of use. */
  constructor(options: LabOptions) {
    this.#options = options;
    this.#network = labNetwork(this.name);
    this.#releaseExit = guardExit(() => this.#dispose());
    this.#folder = mkdtempSync(join(tmpdir(), `${this.name}-`));
    const command = options.metadataServer ?? standInMetadataServer(options.program ?? BUILT_PROGRAM);
    this.metadata = new Metadata(command, this.#adopt);
  }

  async build(hostCount: number): Promise<void> {
    await buildLan(this.#network);
    const numbers = Array.from({ length: hostCount }, (_, index) => index + 1);
    const hosts = await this.#boot(numbers.map((number) => hostNetwork(this.name, number)));
    this.metadata.publish((document) => {
      for (const host of hosts) {
        addHost(document, host);
        addContainer(document, host.name);
      }
    });
    await this.metadata.up();
  }

  /** The host of that name: `h1`, `h2`, ... @throws {Error} where there is none. */
  host(name: string): Host {
    const host = this.hosts.find((candidate) => candidate.name === name);
    if (host === undefined) throw new Error(`the lab has no host ${name}`);
    return host;
  }

  /** One more host: plugged in, booted, registered in metadata; it has no container there yet. */
  async addHost(): Promise<Host> {
    const [host] = await this.#boot([hostNetwork(this.name, this.hosts.length + 1)]);
    if (host === undefined) throw new Error("no host was booted");
    this.metadata.publish((document) => addHost(document, host));
    await this.metadata.up();
    return host;
  }

  /** Names of the hosts that have the address now, read from the kernel. */
  async holders(address: string): Promise<string[]> {
    const held = await Promise.all(
      this.hosts.map(async (host) => (await host.addresses()).includes(address)),
    );
    return this.hosts.filter((_, index) => held[index]).map((host) => host.name);
  }

  /** The only host that has the address now; undefined where none or several have it. */
  async owner(address: string): Promise<Host | undefined> {
    const [name, ...others] = await this.holders(address);
    return name === undefined || others.length > 0 ? undefined : this.host(name);
  }

  /** Starts asking the virtual IP from the client. */
  probe(vip: string, options: ProbeOptions = {}): Prober {
    return new Prober(this.#network.clientNamespace, vip, options, this.#adopt);
  }

  /** Standard output of a command that runs on the client. */
  async runOnClient(command: readonly string[]): Promise<string> {
    return run(command, { namespace: this.#network.clientNamespace });
  }

  /** Where its client lives, which reaches all hosts over the LAN. */
  get clientNamespace(): string {
    return this.#network.clientNamespace;
  }

  /** Ends every process of the lab and removes its namespaces and files; may be called twice. */
  async destroy(): Promise<void> {
    this.#releaseExit();
    this.#dispose();
    await Promise.all([...this.#children].map((child) => child.exited));
  }

  get #program(): readonly string[] {
    return this.#options.program ?? imageProgram();
  }

  /** Kept as a property: it is handed on as a function. */
  readonly #adopt = (child: Child): void => {
    this.#children.add(child);
    if (this.#isDisposed) kill(child.pid); // a start that was under way when another one failed
  };

  async #boot(networks: readonly HostNetwork[]): Promise<Host[]> {
    await plugInHosts(networks, this.#network);
    const hosts = await Promise.all(networks.map((network) => this.#bootHost(network)));
    await awaitForwarding([this.#network.switchNamespace, ...hosts.map((host) => host.namespace)]);
    return hosts;
  }

  async #bootHost(network: HostNetwork): Promise<Host> {
    const folder = join(this.#folder, network.name);
    mkdirSync(folder);
    const host = new Host({
      network,
      lab: this.#network,
      folder,
      backend: this.#options.backend ?? "nft",
      program: this.#program,
      onSpawn: this.#adopt,
    });
    this.hosts.push(host);
    this.metadata.attach(network, folder);
    await Promise.all([this.ownership.watch(network.name, network.namespace, this.#adopt), host.boot()]);
    return host;
  }

  /** Synchronous, so that it can be the last thing that the process does. */
  #dispose(): void {
    this.#isDisposed = true;
    for (const child of this.#children) if (child.isRunning) kill(child.pid);
    removeNamespaces(namespacesOf(this.name));
    unmountBelow(this.#folder);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20 });
  }
}
