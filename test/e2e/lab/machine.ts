/** A host's network as Rancher leaves it: docker0, the service behind it, the published ports, and the cable. */
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import { ipBatch, run } from "./command.ts";
import { isListening } from "./listening.ts";
import {
  answererRules,
  hookRules,
  type IptablesBackend,
  type PublishedPort,
  portRules,
} from "./rancher-rules.ts";
import {
  ANSWERER_ADDRESS6,
  configureContainers,
  configureHost,
  type HostNetwork,
  type LabNetwork,
  restoreAddresses,
} from "./topology.ts";
import { until } from "./until.ts";

const BACKEND_PROGRAM = fileURLToPath(new URL("./backend-program.ts", import.meta.url));

/**
 * Settings below /proc/sys/net. A host that forwards and lost the VIP would keep the client's packets until another
 * host has it, and send them on late: a silence must show as one. And each probe must count as a new client's: source
 * ports repeat within connection tracking's usual 30 s, and a flow that is remembered goes where it went before.
 */
const SYSCTLS = {
  "ipv4/ip_forward": 1,
  "ipv4/neigh/eth0/unres_qlen_bytes": 0,
  "ipv6/neigh/eth0/unres_qlen_bytes": 0,
  "netfilter/nf_conntrack_udp_timeout": 1,
  "netfilter/nf_conntrack_udp_timeout_stream": 1,
};

/** What is published at the start. */
const DEFAULT_PORTS: readonly PublishedPort[] = [
  { port: 80, protocol: "tcp" },
  { port: 80, protocol: "udp" },
];

/**
 * Where a cable is cut: at the `host` its own interface goes down; at the `switch` the port does, so that the host
 * loses its carrier; in the `wire` packets are lost while both ends keep theirs.
 */
export type Cut = "host" | "switch" | "wire";

export interface MachineOptions {
  readonly network: HostNetwork;
  readonly lab: LabNetwork;
  readonly backend: IptablesBackend;
  readonly onSpawn: (child: Child) => void;
}

export class Machine {
  readonly name: string;
  readonly address: string;
  readonly address6: string;
  readonly linkLocal: string;
  /** In a second LAN, 203.0.113.0/24. */
  readonly secondAddress: string;
  readonly namespace: string;
  readonly #options: MachineOptions;
  #backend: Child | undefined;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.name = options.network.name;
    this.address = options.network.address;
    this.address6 = options.network.address6;
    this.linkLocal = options.network.linkLocal;
    this.secondAddress = `203.0.113.${10 + options.network.number}`;
    this.namespace = options.network.namespace;
  }

  /** The namespace behind docker0. */
  get containerNamespace(): string {
    return this.#options.network.containerNamespace;
  }

  /** Configures the namespaces, which exist already. The published ports are served when it resolves. */
  async boot(): Promise<void> {
    const { network } = this.#options;
    await ipBatch(configureHost(network), this.namespace);
    await Promise.all([
      ipBatch(configureContainers(network), network.containerNamespace).then(() => this.startBackend()),
      this.#tuneKernel(),
      this.restoreRules(hookRules()).then(() => this.publishPorts(DEFAULT_PORTS)),
    ]);
  }

  /** Standard output of a command that runs on the host, outside any container. */
  async run(command: readonly string[]): Promise<string> {
    return run(command, { namespace: this.namespace });
  }

  /** Replaces the rules of all published ports, the way network-manager does; none leaves the chains empty. */
  async publishPorts(ports: readonly PublishedPort[]): Promise<void> {
    await this.restoreRules(portRules(this.#options.network.backendAddress, ports));
  }

  /** Adds to the rules. @param input for `iptables-restore --noflush` */
  async restoreRules(input: string, family: "iptables" | "ip6tables" = "iptables"): Promise<void> {
    const program = `${family}-${this.#options.backend}-restore`;
    await run([program, "--noflush", "-w", "5"], { namespace: this.namespace, input });
  }

  /** Starts the service behind port 80, which answers with the host's name; resolves when it can be reached. */
  async startBackend(): Promise<void> {
    const { backendAddress, containerNamespace } = this.#options.network;
    this.#backend = await this.#answer("the backend", containerNamespace, backendAddress);
  }

  /**
   * Has port 80 of every IPv6 address answered with the host's name, by the host itself as Docker's userland proxy
   * does: Rancher has no rules for IPv6, and nothing forwards a link-local address.
   */
  async answerIpv6(): Promise<void> {
    await this.restoreRules(answererRules(ANSWERER_ADDRESS6), "ip6tables");
    await this.#answer("the IPv6 answerer", this.namespace, ANSWERER_ADDRESS6);
  }

  async stopBackend(): Promise<void> {
    await this.#backend?.end("SIGKILL");
  }

  async setLink(state: "up" | "down", cut: Cut): Promise<void> {
    const { lab, network } = this.#options;
    if (cut === "switch") {
      await ipBatch([`link set ${this.name} ${state}`], lab.switchNamespace);
    } else if (cut === "wire") {
      const bridge = state === "up" ? "master br0" : "nomaster";
      await ipBatch([`link set ${this.name} ${bridge}`], lab.switchNamespace);
    } else {
      const lost = state === "up" ? restoreAddresses(network) : [];
      await ipBatch([`link set eth0 ${state}`, ...lost], this.namespace);
    }
  }

  /** Plugs a second cable in: the interface appears, with `secondAddress`. Deleting it unplugs the cable. */
  async plugSecond(interfaceName: string): Promise<void> {
    const { lab, network } = this.#options;
    const port = `${network.name}-2`;
    const cable = `type veth peer name ${port} netns ${lab.switchNamespace}`;
    await ipBatch([`link add ${interfaceName} ${cable}`], this.namespace);
    await ipBatch([`link set ${port} master br1 up`], lab.switchNamespace);
    await ipBatch(
      [`address add ${this.secondAddress}/24 dev ${interfaceName}`, `link set ${interfaceName} up`],
      this.namespace,
    );
  }

  /** Puts eth0's own addresses and route back, as the host's network manager would. */
  async restoreAddresses(): Promise<void> {
    await ipBatch(restoreAddresses(this.#options.network), this.namespace);
  }

  /** All addresses of the host but loopback's, without prefix lengths. */
  async addresses(): Promise<string[]> {
    const links = JSON.parse(await this.run(["ip", "-json", "address"])) as {
      ifname: string;
      addr_info: { local: string }[];
    }[];
    const own = links.filter((link) => link.ifname !== "lo");
    return own.flatMap((link) => link.addr_info.map((info) => info.local));
  }

  async #tuneKernel(): Promise<void> {
    const lines = Object.entries(SYSCTLS).map(([name, value]) => `echo ${value} > /proc/sys/net/${name}`);
    await this.run(["sh", "-ec", lines.join("\n")]);
  }

  async #answer(what: string, namespace: string, address: string): Promise<Child> {
    const child = new Child({
      namespace,
      name: `${what} of ${this.name}`,
      command: [process.execPath, BACKEND_PROGRAM, this.name, address, "80"],
    });
    this.#options.onSpawn(child);
    const isUp = () => (["udp", "tcp"] as const).every((each) => isListening(child.pid, each, address, 80));
    await until(isUp, 120_000, `${child.name} listens`);
    return child;
  }
}
