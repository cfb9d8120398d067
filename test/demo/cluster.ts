/** The demo's hosts with an agent on each: how they are, by their agents' status and by their kernels' addresses. */
import { fileURLToPath } from "node:url";
import { isWell, type Status } from "../../src/status/status.ts";
import { Child } from "../e2e/lab/child.ts";
import type { Host } from "../e2e/lab/host.ts";
import type { Lab } from "../e2e/lab/lab.ts";
import { addContainer, addHost, removeHost } from "../e2e/lab/metadata-changes.ts";
import { DEFAULT_VIP } from "../e2e/lab/topology.ts";
import { until } from "../e2e/lab/until.ts";
import type { HostRow } from "./host-table.ts";

const STATUS_PROGRAM = fileURLToPath(new URL("./status-program.ts", import.meta.url));
/** A host that left is forgotten soon, or nobody would wait for it; the agent's default is longer. */
const AGENT_ENVIRONMENT = { LOG_LEVEL: "info", PEER_REMOVAL_GRACE: "3" };

export class Cluster {
  readonly lab: Lab;
  readonly vip = DEFAULT_VIP;
  readonly #signal: AbortSignal;
  /** By host name; absent while its agent does not answer. */
  readonly #statuses = new Map<string, Status>();
  readonly #deeds = new Map<string, { readonly atMs: number; readonly text: string }>();
  /** The hosts that are part of the service now: one that left keeps its namespace. */
  readonly #members = new Set<Host>();
  readonly #followers: Child[] = [];

  constructor(lab: Lab, signal: AbortSignal) {
    this.lab = lab;
    this.#signal = signal;
  }

  /** Starts the agent of every host of the lab. */
  async start(): Promise<void> {
    await Promise.all(this.lab.hosts.map((host) => this.startAgent(host)));
    for (const host of this.lab.hosts) this.#take(host);
  }

  async startAgent(host: Host): Promise<void> {
    await host.startAgent(AGENT_ENVIRONMENT);
  }

  /** One more host: registered, with a container, and with an agent. */
  async join(): Promise<Host> {
    const former = this.lab.hosts.find((host) => !this.#members.has(host));
    const guest = former ?? (await this.lab.addHost());
    this.lab.metadata.publish((document) => {
      if (former !== undefined) addHost(document, guest);
      addContainer(document, guest.name);
    });
    await this.startAgent(guest);
    this.#take(guest, former === undefined);
    return guest;
  }

  /** The host's container is stopped and the host is gone from metadata. */
  async leave(guest: Host): Promise<void> {
    await guest.stopAgent();
    this.lab.metadata.publish((document) => removeHost(document, guest.name));
    this.#members.delete(guest);
  }

  /** Records what the demo did to a host, shown as its last event until the agent tells a later one. */
  record(host: Host, text: string): void {
    this.#deeds.set(host.name, { atMs: Date.now(), text });
  }

  /** The one host that has the VIP by its kernel; undefined where none or several have it. */
  get owner(): Host | undefined {
    const [owner, ...others] = this.#holders();
    return owner === undefined || others.length > 0 ? undefined : this.lab.host(owner);
  }

  /** The host that took the VIP since then and has it. */
  heirSince(sinceMs: number): Host | undefined {
    const tenures = this.lab.ownership.tenures(this.vip);
    const heir = tenures.find(
      (tenure) => tenure.fromMs >= sinceMs && tenure.toMs === Number.POSITIVE_INFINITY,
    );
    return heir && this.lab.host(heir.host);
  }

  /** Whether one host has the VIP and says so, and every agent is well and has all other hosts as its peers. */
  get isWell(): boolean {
    const addresses = new Set([...this.#members].map((host) => host.address));
    const { owner } = this;
    const isMemberWell = (host: Host): boolean => {
      const status = this.#statuses.get(host.name);
      const [instance] = status?.instances ?? [];
      if (status === undefined || instance === undefined || !isWell(status)) return false;
      const known = new Set(instance.peers).add(host.address);
      return (
        known.symmetricDifference(addresses).size === 0 && (instance.state === "MASTER") === (host === owner)
      );
    };
    return owner !== undefined && [...this.#members].every(isMemberWell);
  }

  /** Like {@link until}, and ended by the demo's end. */
  async until<T>(condition: () => T, timeoutMs: number, what: string): Promise<NonNullable<T>> {
    const ask = (): T => {
      this.#signal.throwIfAborted();
      return condition();
    };
    return until(ask, timeoutMs, what);
  }

  /** Agents are followed no longer; they and the hosts are the lab's to end. */
  async close(): Promise<void> {
    await Promise.all(this.#followers.map((follower) => follower.end("SIGKILL")));
  }

  rows(): HostRow[] {
    const nameOf = (address: string): string =>
      this.lab.hosts.find((host) => host.address === address)?.name ?? address;
    return [...this.#members].map((host) => {
      const status = this.#statuses.get(host.name);
      const [instance] = status?.instances ?? [];
      return {
        name: host.name,
        address: host.address,
        state: status === undefined ? "no agent" : (instance?.state ?? "starting"),
        hasVip: this.#holders().includes(host.name),
        peers: (instance?.peers ?? []).map(nameOf),
        lastEvent: this.#lastEvent(host.name, status),
      };
    });
  }

  #lastEvent(name: string, status: Status | undefined): HostRow["lastEvent"] {
    const told = status?.lastEvent && { atMs: Date.parse(status.lastEvent.at), text: status.lastEvent.text };
    const deed = this.#deeds.get(name);
    const problem = status?.problems.find(({ part }) => part !== "advice");
    const wrong = problem && { atMs: Date.parse(problem.since), text: problem.code ?? problem.message };
    return [told, deed, wrong].filter((event) => event !== undefined).toSorted((a, b) => b.atMs - a.atMs)[0];
  }

  #holders(): string[] {
    const tenures = this.lab.ownership.tenures(this.vip);
    return tenures.filter(({ toMs }) => toMs === Number.POSITIVE_INFINITY).map(({ host }) => host);
  }

  #take(host: Host, isNew = true): void {
    this.#members.add(host);
    if (!isNew) return;
    const follower = new Child({
      namespace: host.namespace,
      name: `the follower of the agent on ${host.name}`,
      command: [process.execPath, STATUS_PROGRAM],
      onLine: (text) => {
        if (text === "null") this.#statuses.delete(host.name);
        else if (text.startsWith("{")) this.#statuses.set(host.name, JSON.parse(text) as Status);
      },
    });
    this.#followers.push(follower);
  }
}
