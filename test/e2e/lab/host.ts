/** A Rancher host of the lab: a machine with the files that containers see, and the one agent container on it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Agent } from "./agent.ts";
import type { Child } from "./child.ts";
import { Container, type StoppedContainer } from "./container.ts";
import { Machine, type MachineOptions } from "./machine.ts";
import { SERVICE_NAME, STACK_NAME } from "./metadata-document.ts";
import { StatusReader } from "./status-reader.ts";
import { DEFAULT_VIP } from "./topology.ts";

export interface HostOptions extends MachineOptions {
  /** The part of the host's file system that containers see: it outlives them. */
  readonly folder: string;
  /** The command line of the product, without a subcommand. */
  readonly program: readonly string[];
}

export interface ContainerSetting {
  /** Shell text that the agent's container runs before the agent, with its environment: for mounts of its own. */
  readonly prelude?: string;
  /** Shown as Docker's id (64 hex digits) in the container's /proc/self/mountinfo. */
  readonly dockerId?: string;
  /** See log-reader.ts. */
  readonly hasLogReader?: boolean;
}

export class Host extends Machine {
  readonly folder: string;
  readonly confFile: string;
  readonly stateFolder: string;
  readonly statusReader: StatusReader;
  readonly #program: readonly string[];
  readonly #onSpawn: (child: Child) => void;
  #container: Container | undefined;
  #agent: Agent | undefined;

  constructor(options: HostOptions) {
    super(options);
    this.#program = options.program;
    this.#onSpawn = options.onSpawn;
    this.statusReader = new StatusReader(this.namespace, options.onSpawn);
    this.folder = options.folder;
    this.confFile = join(this.folder, "keepalived.conf");
    this.stateFolder = join(this.folder, "state");
    mkdirSync(this.stateFolder, { recursive: true });
    mkdirSync(this.#runFolder);
  }

  /** Text of the keepalived.conf in force, or undefined where none was written yet. */
  conf(): string | undefined {
    return existsSync(this.confFile) ? readFileSync(this.confFile, "utf8") : undefined;
  }

  /** Runs any command in the host's container. @throws {Error} while another container runs. */
  async startContainer(
    command: readonly string[],
    env: Readonly<Record<string, string>> = {},
    setting: ContainerSetting = {},
  ): Promise<Container> {
    if (this.#container?.isRunning) throw new Error(`${this.name} runs a container already`);
    const { dockerId, hasLogReader = false } = setting;
    this.#agent = undefined;
    this.#container = await Container.start(
      {
        namespace: this.namespace,
        hostName: this.name,
        runFolder: this.#runFolder,
        command,
        env,
        hasLogReader,
        ...(dockerId === undefined ? {} : { hostnameFile: this.#writeHostname(dockerId) }),
      },
      this.#onSpawn,
    );
    return this.#container;
  }

  /** Starts the agent. `env` adds to the lab's variables or overrides them; undefined removes one. */
  async startAgent(
    env: Readonly<Record<string, string | undefined>> = {},
    setting: ContainerSetting = {},
  ): Promise<Agent> {
    const all = {
      VIRTUAL_IP: DEFAULT_VIP,
      STACK_NAME,
      SERVICE_NAME,
      KEEPALIVED_CONF: this.confFile,
      STATE_DIR: this.stateFolder,
      LOG_LEVEL: "debug",
      ...env,
    };
    const isSet = (entry: [string, string | undefined]): entry is [string, string] => entry[1] !== undefined;
    const set = Object.fromEntries(Object.entries(all).filter(isSet));
    const { prelude = "" } = setting;
    const start = prelude === "" ? [] : ["/bin/sh", "-ec", `${prelude}\nexec "$@"`, "sh"];
    const container = await this.startContainer([...start, ...this.#program, "run"], set, setting);
    this.#agent = new Agent(container);
    return this.#agent;
  }

  /** The agent that was started last. @throws {Error} where none was. */
  get agent(): Agent {
    if (this.#agent === undefined) throw new Error(`no agent was started on ${this.name}`);
    return this.#agent;
  }

  /** Whether this is the agent that was started last. False while the next one starts. */
  isAgent(agent: Agent): boolean {
    return this.#agent === agent;
  }

  /** `docker stop`. @throws {Error} where no container was started. */
  async stopAgent(): Promise<StoppedContainer> {
    return this.#startedContainer().stop();
  }

  /** `docker kill`: no process of the container gets a chance to clean up. */
  async killContainer(): Promise<void> {
    await this.#startedContainer().kill();
  }

  get #runFolder(): string {
    return join(this.folder, "run");
  }

  #startedContainer(): Container {
    if (this.#container === undefined) throw new Error(`no container was started on ${this.name}`);
    return this.#container;
  }

  #writeHostname(dockerId: string): string {
    const folder = join(this.folder, "containers", dockerId);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "hostname");
    writeFileSync(file, `${this.name}\n`);
    return file;
  }
}
