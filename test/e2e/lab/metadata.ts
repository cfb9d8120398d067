/** Control over what Rancher's metadata service tells each host, and over whether it answers at all. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import { ipBatch } from "./command.ts";
import { isListening } from "./listening.ts";
import { emptyEnvironment, type MetadataDocument } from "./metadata-document.ts";
import { type HostNetwork, METADATA_ADDRESS, muteMetadata, unmuteMetadata } from "./topology.ts";
import { until } from "./until.ts";

/** The command that serves an answers file on `ADDRESS:PORT`. */
export type MetadataServerCommand = (answersFile: string, listen: string) => readonly string[];

export interface PublishOptions {
  /** Names of the hosts whose metadata service learns of the change now; the others with the next publication. */
  readonly only?: readonly string[];
  /** Name of the host that the services take the asking one for, until the next publication. */
  readonly selfOf?: string;
}

interface Station {
  readonly network: HostNetwork;
  readonly answersFile: string;
  selfUuid: string | undefined;
  server: Child | undefined;
}

export class Metadata {
  readonly document: MetadataDocument = emptyEnvironment();
  readonly #stations = new Map<string, Station>();
  readonly #command: MetadataServerCommand;
  readonly #onSpawn: (child: Child) => void;

  constructor(command: MetadataServerCommand, onSpawn: (child: Child) => void) {
    this.#command = command;
    this.#onSpawn = onSpawn;
  }

  /** From now on the host takes part in publications; its answers file lies in `folder`. */
  attach(network: HostNetwork, folder: string): void {
    const answersFile = join(folder, "answers.json");
    this.#stations.set(network.name, { network, answersFile, selfUuid: undefined, server: undefined });
  }

  /** Changes the document and replaces the hosts' answers by it, each whole file at once. */
  publish(change: (document: MetadataDocument) => void, options: PublishOptions = {}): void {
    change(this.document);
    for (const station of this.#select(options.only)) {
      const own = this.document.hosts.find((host) => host.name === station.network.name);
      // A host that is gone from the document still asks its own metadata service who it is.
      station.selfUuid = own?.uuid ?? station.selfUuid;
      const told = this.document.hosts.find((host) => host.name === options.selfOf)?.uuid ?? station.selfUuid;
      const answers = { ...this.document, self: { host: told } };
      writeFileSync(`${station.answersFile}.new`, JSON.stringify(answers, undefined, 2));
      renameSync(`${station.answersFile}.new`, station.answersFile);
    }
  }

  /**
   * Publishes to all hosts. Resolves when every service has the new version, with the time at which the first one told so:
   * the stand-in sees some 50 ms after a file was replaced that it is complete. ms, on the clock of Date.now().
   */
  async publishAndSee(
    change: (document: MetadataDocument) => void,
    options: Omit<PublishOptions, "only"> = {},
  ): Promise<number> {
    const logs = [...this.#stations.values()].flatMap(({ server }) =>
      server === undefined ? [] : [server.log],
    );
    if (logs.length === 0) throw new Error("no metadata service runs");
    const from = logs.map(({ lines }) => lines.length);
    this.publish(change, options);
    const isLoaded = (text: string) => text.includes('"answers loaded"') || undefined;
    const seen = logs.map(async (log, index) => {
      await log.first(isLoaded, { from: from[index]!, timeoutMs: 120_000 });
      return log.lines.slice(from[index]).find(({ text }) => isLoaded(text))!.atMs;
    });
    return Math.min(...(await Promise.all(seen)));
  }

  /** Starts the metadata services (of all hosts unless told) that do not run; resolves when they listen. */
  async up(only?: readonly string[]): Promise<void> {
    await Promise.all(this.#select(only).map((station) => this.#start(station)));
  }

  /** Kills the metadata services: open requests are cut, connections refused. */
  async down(only?: readonly string[]): Promise<void> {
    await Promise.all(this.#select(only).map((station) => station.server?.end("SIGKILL")));
  }

  /** Packets to the metadata services are lost without a word, on open connections too. */
  async mute(only?: readonly string[]): Promise<void> {
    await this.#onHosts(muteMetadata(), only);
  }

  async unmute(only?: readonly string[]): Promise<void> {
    await this.#onHosts(unmuteMetadata(), only);
  }

  async #start(station: Station): Promise<void> {
    if (station.server?.isRunning) return;
    const { name, containerNamespace } = station.network;
    const server = new Child({
      namespace: containerNamespace,
      name: `the metadata service of ${name}`,
      command: this.#command(station.answersFile, `${METADATA_ADDRESS}:80`),
    });
    station.server = server;
    this.#onSpawn(server);
    const isUp = (): boolean => !server.isRunning || isListening(server.pid, "tcp", METADATA_ADDRESS, 80);
    await until(isUp, 120_000, `${server.name} listens`);
    if (!server.isRunning) throw new Error(`${server.name} ended; ${server.log.tail()}`);
  }

  async #onHosts(lines: readonly string[], only: readonly string[] | undefined): Promise<void> {
    await Promise.all(this.#select(only).map(({ network }) => ipBatch(lines, network.namespace)));
  }

  /** @throws {Error} where a name is no host of the lab. */
  #select(only: readonly string[] | undefined): Station[] {
    if (only === undefined) return [...this.#stations.values()];
    return only.map((name) => {
      const station = this.#stations.get(name);
      if (station === undefined) throw new Error(`the lab has no host ${name}`);
      return station;
    });
  }
}

/** The product's own stand-in metadata service, run by this Node. */
export function standInMetadataServer(program: readonly string[]): MetadataServerCommand {
  return (answersFile, listen) => [
    ...program,
    "metadata-server",
    "--answers",
    answersFile,
    "--listen",
    listen,
  ];
}

/** The product as built into dist/, run by this Node. */
export const BUILT_PROGRAM: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL("../../../dist/rancher-keepalived.mjs", import.meta.url)),
];
