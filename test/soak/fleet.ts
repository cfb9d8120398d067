/** The hosts under test: the lab, an agent on each host with every kind of check, and what each agent says of itself. */
import { copyFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isWell, type Status } from "../../src/status/status.ts";
import type { Agent } from "../e2e/lab/agent.ts";
import { Child } from "../e2e/lab/child.ts";
import { mountSmallDisk } from "../e2e/lab/disk.ts";
import type { Host } from "../e2e/lab/host.ts";
import { createLab, type Lab } from "../e2e/lab/lab.ts";
import type { LineLog } from "../e2e/lab/line-log.ts";
import { BUILT_PROGRAM, standInMetadataServer } from "../e2e/lab/metadata.ts";
import type { IptablesBackend } from "../e2e/lab/rancher-rules.ts";
import { DEFAULT_VIP as VIP } from "../e2e/lab/topology.ts";

/** Asked every 10 ms: what a client notices is longer. */
const PROBE_INTERVAL_MS = 10;
const STATE_DISK_MB = 4;
const RESTART_MS = 1_000;
const TEMPLATE = fileURLToPath(new URL("../../templates/keepalived.conf.njk", import.meta.url));
const ENTRYPOINT = fileURLToPath(new URL("../../image/entrypoint.sh", import.meta.url));
const PROGRAMS = fileURLToPath(new URL("./bin", import.meta.url));
const STATUS_PROGRAM = fileURLToPath(new URL("../demo/status-program.ts", import.meta.url));

export interface FleetOptions {
  readonly hosts: number;
  readonly backend: IptablesBackend;
}

export class Fleet {
  readonly lab: Lab;
  readonly vip = VIP;
  /** What each agent printed, one for each of its lives. */
  readonly logs: { readonly host: Host; readonly log: LineLog }[] = [];
  readonly prober;
  /** Told of each agent that ended by itself and is started again. */
  onRestart: (host: Host) => void = () => undefined;
  #isClosed = false;
  /** Hosts whose agent was ended on purpose. */
  readonly #ended = new Set<Host>();
  /** By host name; absent while its agent does not answer. */
  readonly #statuses = new Map<string, Status>();

  private constructor(lab: Lab) {
    this.lab = lab;
    this.prober = lab.probe(VIP, { intervalMs: PROBE_INTERVAL_MS });
  }

  /** Makes the hosts and starts all agents; nobody has the VIP yet. */
  static async start({ hosts, backend }: FleetOptions): Promise<Fleet> {
    // as the image has it: the agent below an entrypoint that lets keepalived end in order
    const program = ["sh", ENTRYPOINT];
    const lab = await createLab({
      hosts,
      backend,
      program,
      metadataServer: standInMetadataServer(BUILT_PROGRAM),
    });
    const fleet = new Fleet(lab);
    try {
      await Promise.all(lab.hosts.map((host) => fleet.#open(host)));
    } catch (error) {
      await fleet.close();
      throw error;
    }
    return fleet;
  }

  /** The host's agent is about to be ended by a fault, which starts it again. */
  letEnd(host: Host): void {
    this.#ended.add(host);
  }

  /** Started again after a second where it ends by itself, as Docker's `restart: unless-stopped` does. */
  async startAgent(host: Host): Promise<void> {
    this.#ended.delete(host);
    const agent = await host.startAgent(
      {
        PATH: [PROGRAMS, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
        LOG_LEVEL: "info",
        TEMPLATE: templateOf(host),
        CHECK_PORT: "80/udp,80",
        CHECK_TCP: `${backendOf(host)}:80`,
        // longer than any host is missing from metadata by a fault that does not stop its agent
        PEER_REMOVAL_GRACE: "6",
      },
      { hasLogReader: true },
    );
    this.logs.push({ host, log: agent.container.log });
    void agent.container.exited.then(() => this.#restart(host, agent));
  }

  /** Ends everything and leaves nothing behind; may be called twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.lab.destroy();
  }

  statusOf(host: Host): Status | undefined {
    return this.#statuses.get(host.name);
  }

  /** The one host that has the VIP by its kernel; undefined where none or several have it. */
  get owner(): Host | undefined {
    const [owner, ...others] = this.#holders();
    return owner === undefined || others.length > 0 ? undefined : this.lab.host(owner);
  }

  /** What keeps all from being well, one sentence each; none where everything is as it should be. */
  troubles(): string[] {
    const holders = this.#holders();
    const count = holders.length === 1 ? [] : [`the VIP is on ${holders.join(" and ") || "no host"}`];
    return [...count, ...this.lab.hosts.flatMap((host) => this.#troublesOf(host, holders))];
  }

  #troublesOf(host: Host, holders: readonly string[]): string[] {
    const status = this.#statuses.get(host.name);
    const [instance] = status?.instances ?? [];
    if (status === undefined) return [`${host.name}: no agent answers`];
    if (instance === undefined) return [`${host.name}: nothing is configured`];
    const want = holders.includes(host.name) ? "MASTER" : "BACKUP";
    const others = this.lab.hosts.filter((other) => other !== host).map(({ address }) => address);
    return [
      instance.state !== want && `is ${instance.state} and should be ${want}`,
      status.health[0]?.isHealthy === false && `is unhealthy: ${JSON.stringify(status.health)}`,
      ...others.map((peer) => !instance.peers.includes(peer) && `lost the peer ${peer}`),
      ...status.problems.filter(({ part }) => part !== "advice").map(({ message }) => message),
      ...status.contradictions.map(({ text }) => text),
      !isWell(status) && "is not well",
    ].flatMap((trouble) => (trouble === false ? [] : [`${host.name}: ${trouble}`]));
  }

  #holders(): string[] {
    const held = this.lab.ownership.tenures(VIP).filter(({ toMs }) => toMs === Number.POSITIVE_INFINITY);
    return held.map(({ host }) => host);
  }

  async #open(host: Host): Promise<void> {
    copyFileSync(TEMPLATE, templateOf(host));
    await mountSmallDisk(host.stateFolder, STATE_DISK_MB);
    this.#follow(host);
    await this.startAgent(host);
  }

  async #restart(host: Host, agent: Agent): Promise<void> {
    await sleep(RESTART_MS);
    const isOver = this.#isClosed || this.#ended.has(host) || !host.isAgent(agent);
    if (isOver) return;
    this.onRestart(host);
    await this.startAgent(host);
  }

  /** The follower is the lab's to end, as everything in the namespaces is. */
  #follow(host: Host): void {
    new Child({
      namespace: host.namespace,
      name: `the follower of the agent on ${host.name}`,
      command: [process.execPath, STATUS_PROGRAM],
      onLine: (text) => {
        if (text === "null") this.#statuses.delete(host.name);
        else if (text.startsWith("{")) this.#statuses.set(host.name, JSON.parse(text) as Status);
      },
    });
  }
}

/** The host's own copy, which a fault may edit. */
export function templateOf(host: Host): string {
  return join(host.folder, "template.njk");
}

/** The service behind the host's published ports. */
function backendOf(host: Host): string {
  return `10.42.${host.name.slice(1)}.2`;
}
