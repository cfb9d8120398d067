/**
 * The agent's files on a disk of their own that can be filled and made read-only: a tmpfs, mounted in the agent's container
 * only, and gone with it.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Agent } from "../lab/agent.ts";
import type { Host } from "../lab/host.ts";

/** Enough for the agent's files many times over. */
const SIZE = "512k";

export class SmallDisk {
  readonly stateFolder: string;
  readonly #agent: Agent;
  readonly #folder: string;

  private constructor(agent: Agent, folder: string) {
    this.#agent = agent;
    this.#folder = folder;
    this.stateFolder = stateFolderIn(folder);
  }

  /** Starts the host's agent with STATE_DIR and keepalived.conf on a small disk. */
  static async start(host: Host, env: Readonly<Record<string, string>>): Promise<SmallDisk> {
    const folder = join(host.folder, "disk");
    mkdirSync(folder, { recursive: true });
    const files = {
      STATE_DIR: stateFolderIn(folder),
      KEEPALIVED_CONF: join(folder, "conf", "keepalived.conf"),
    };
    const prelude = `mount -n -t tmpfs -o size=${SIZE},mode=700 tmpfs ${folder}`;
    return new SmallDisk(await host.startAgent({ ...env, ...files }, { prelude }), folder);
  }

  /** Leaves no byte of space. */
  async fill(): Promise<void> {
    // dd fails when the disk is full, which is the point
    await this.#run(`dd if=/dev/zero of=${this.#folder}/filler bs=4096 2>/dev/null || true`);
  }

  async free(): Promise<void> {
    await this.#run(`rm ${this.#folder}/filler`);
  }

  /** A file that somebody writes to would keep the kernel from it: waits for a moment in which nobody does. */
  async makeReadOnly(): Promise<void> {
    await this.#run(
      `for try in $(seq 200); do mount -n -o remount,ro ${this.#folder} && exit; sleep 0.05; done 2>/dev/null; exit 1`,
    );
  }

  async makeWritable(): Promise<void> {
    await this.#run(`mount -n -o remount,rw ${this.#folder}`);
  }

  /** Text of the keepalived.conf in force. */
  async conf(): Promise<string> {
    return this.#agent.container.run(["cat", join(this.#folder, "conf", "keepalived.conf")]);
  }

  async #run(script: string): Promise<void> {
    await this.#agent.container.run(["/bin/sh", "-ec", script]);
  }
}

function stateFolderIn(folder: string): string {
  return join(folder, "state");
}
