/** The three hosts of one arm, with their agents and a switch that can drop frames. */
import { setTimeout as sleep } from "node:timers/promises";
import { agentWay } from "../bench/way.ts";
import { statusOf } from "../e2e/lab/ask.ts";
import type { Host } from "../e2e/lab/host.ts";
import { createLab, type Lab } from "../e2e/lab/lab.ts";
import { labNetwork, DEFAULT_VIP as VIP } from "../e2e/lab/topology.ts";
import { until } from "../e2e/lab/until.ts";
import { type Arm, envOf } from "./arm.ts";
import { SwitchFilter } from "./switch-filter.ts";

/** Generous: many agents start at once on a shared machine. */
const PATIENCE_MS = 180_000;
/** keepalived's vrrp_startup_delay, and the checks that must pass before. */
const START_MS = 4_500;
/** Hosts that agree are left alone for so long, so that each event begins from the same state. */
const QUIET_MS = 400;

export class Stage {
  readonly arm: Arm;
  readonly lab: Lab;
  readonly filter: SwitchFilter;

  private constructor(arm: Arm, lab: Lab, filter: SwitchFilter) {
    this.arm = arm;
    this.lab = lab;
    this.filter = filter;
  }

  static async open(arm: Arm): Promise<Stage> {
    const lab = await createLab({ hosts: 3 });
    try {
      const stage = new Stage(arm, lab, await SwitchFilter.open(labNetwork(lab.name).switchNamespace));
      await Promise.all(lab.hosts.map((host) => stage.start(host)));
      await sleep(START_MS);
      await stage.calm();
      return stage;
    } catch (error) {
      await lab.destroy();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.filter.close();
    await this.lab.destroy();
  }

  /** Starts the agent of a host whose container has ended. */
  async start(host: Host): Promise<void> {
    await agentWay(envOf(this.arm)).start(host);
  }

  /** Starts an agent again, and resolves once it could take the VIP. */
  async restart(host: Host): Promise<void> {
    await this.start(host);
    await sleep(START_MS);
  }

  others(owner: Host): Host[] {
    return this.lab.hosts.filter((host) => host !== owner);
  }

  get ports(): string[] {
    return this.lab.hosts.map(({ name }) => name);
  }

  /** The owner, once exactly one host has the VIP, all others back it up and would ask, and nothing has changed for a moment. */
  async calm(): Promise<Host> {
    await this.#settle();
    await sleep(QUIET_MS);
    return this.#settle();
  }

  /** How often the hosts took over because nobody answered, since their agents started. */
  async takeoversByAsking(): Promise<number> {
    const statuses = await Promise.all(this.lab.hosts.map(statusOf));
    return statuses.reduce((sum, status) => sum + (status?.ownerProbe?.groups[0]?.takeovers ?? 0), 0);
  }

  /** The owner at the beginning of an event: each event ends with `calm`. */
  async owner(): Promise<Host> {
    const now = await this.#look();
    return typeof now === "string" ? this.calm() : now;
  }

  /** @throws {Error} that names what was still missing. */
  async #settle(): Promise<Host> {
    let missing = "";
    const isSettled = async (): Promise<Host | undefined> => {
      const now = await this.#look();
      if (typeof now !== "string") return now;
      missing = now;
      return undefined;
    };
    try {
      return await until(isSettled, PATIENCE_MS, "one host owns the VIP and the others back it up");
    } catch (cause) {
      throw new Error(`${this.arm.name}: no calm within ${PATIENCE_MS / 1_000} s: ${missing}`, { cause });
    }
  }

  /** The owner, or what is missing. */
  async #look(): Promise<Host | string> {
    const open = this.lab.ownership.tenures(VIP).filter(({ toMs }) => toMs === Number.POSITIVE_INFINITY);
    const [tenure] = open;
    if (tenure === undefined || open.length > 1) return `${open.length} hosts have the VIP`;
    const statuses = await Promise.all(this.lab.hosts.map(statusOf));
    const missing = this.lab.hosts.flatMap((host, index) => {
      const status = statuses[index];
      const state = status?.instances[0]?.state;
      const isOwner = host.name === tenure.host;
      if (state !== (isOwner ? "MASTER" : "BACKUP"))
        return [`${host.name} is ${state ?? "without an answer"}`];
      // a backup asks again some seconds after it has started, or has taken over
      const isReady =
        isOwner || this.arm.windowSeconds === undefined || status?.ownerProbe?.groups[0]?.isReady;
      return isReady ? [] : [`${host.name} would not ask`];
    });
    return missing.length === 0 ? this.lab.host(tenure.host) : missing.join(", ");
  }
}

/** Waits for a random part of an advert interval: events must meet every phase of it. */
export async function randomPhase({ arm }: Stage): Promise<void> {
  await sleep(Math.random() * arm.intervalSeconds * 1_000);
}

/** On the clock of the kernel's address events, with fractions. */
export function epochNow(): number {
  return performance.timeOrigin + performance.now();
}
