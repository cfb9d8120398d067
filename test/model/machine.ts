/** One machine of the model: its kernel, its STATE_DIR, and the container that runs the agent and keepalived. */

import { AgentError } from "../../src/errors.ts";
import type { HostNetwork } from "../../src/network/host-network.ts";
import type { StateDir } from "../../src/system/io/state-dir.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import { Agent } from "./agent.ts";
import type { Chance } from "./chance.ts";
import type { Clock, ProcessClock, Scope } from "./clock.ts";
import type { Host } from "./host.ts";
import { Kernel, LEASE_MS } from "./kernel.ts";
import type { Lan, Station } from "./lan.ts";
import { DOCKER0_ADDRESS, type MetadataService } from "./rancher.ts";
import type { Without } from "./without.ts";

export interface MachineOptions {
  readonly name: string;
  readonly address: string;
  readonly clock: Clock;
  readonly lan: Lan;
  readonly chance: Chance;
  readonly metadata: MetadataService;
  readonly graceSeconds: number;
  readonly hasLease: boolean;
  readonly without: Without;
  readonly onVip: (machine: Machine, address: string, isHeld: boolean) => void;
  readonly onLine: (text: string) => void;
}

/** A container that is stopped in order has released its VIPs by then. */
const STOP_MS = 5;

export class Machine implements Station, Host {
  readonly name: string;
  readonly options: MachineOptions;
  readonly kernel: Kernel;
  address: string;
  phase: "off" | "no container" | "running" | "frozen" = "no container";
  isHealthy = true;
  isTentative = false;
  /** Whether the disk of STATE_DIR is full. */
  isDiskFull = false;
  /** Whether it began without memory. */
  isForgetful = true;
  startedMs = Number.POSITIVE_INFINITY;
  /** Since when its container runs, its service works and its address can be used. */
  ableSinceMs = Number.POSITIVE_INFINITY;
  #memory = new Map<string, string>();
  #agent: Agent | undefined;
  #life = 0;
  #deferred: (() => void | Promise<void>)[] = [];

  constructor(options: MachineOptions) {
    [this.name, this.options] = [options.name, options];
    const { address, clock, hasLease, onVip } = options;
    this.address = address;
    this.kernel = new Kernel({
      clock,
      leaseMs: hasLease ? LEASE_MS : undefined,
      onChange: (address, isHeld) => onVip(this, address, isHeld),
      onLapse: (address) => this.#inContainer(() => this.#agent?.keepalived.loseVip(address)),
    });
    options.lan.plugIn(this);
  }

  get agent(): Agent | undefined {
    return this.#agent;
  }

  /** The files of STATE_DIR. */
  get memory(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#memory);
  }

  hasAddress(address: string): boolean {
    return this.phase !== "off" && !this.isTentative && address === this.address;
  }

  get runsVrrp(): boolean {
    return this.#agent?.keepalived.isRunning === true;
  }

  answersFor(address: string): boolean {
    return this.hasAddress(address) || (this.phase !== "off" && this.kernel.addresses.has(address));
  }

  answerers(address: string): string[] {
    return this.options.lan.answerers(this.name, address);
  }

  mayRunVrrp(address: string): boolean {
    return this.options.lan.runsVrrp(address);
  }

  receive(advert: Advert, mac: string): void {
    this.#inContainer(() => this.#agent?.receive(advert, mac));
  }

  /** Sends an advert, unless the kernel has no address to send it from. */
  send(advert: Advert): void {
    if (this.hasAddress(advert.source)) this.options.lan.send(this.name, advert);
  }

  start(how: { readonly isForgetful: boolean }): void | Promise<void> {
    if (this.phase === "running" || this.phase === "frozen") return undefined;
    if (how.isForgetful) this.#memory = new Map();
    this.isForgetful = this.#memory.size === 0;
    this.startedMs = this.options.clock.nowMs;
    this.phase = "running";
    this.#life += 1;
    this.#deferred = [];
    const scope = this.#scopeOf(this.#life);
    this.#judge();
    return this.options.clock.inScope(scope, () => {
      this.#agent = new Agent(this, this.#processClock(scope));
      return this.#agent.start();
    });
  }

  async stop(): Promise<void> {
    if (this.phase !== "running") return;
    const agent = this.#agent;
    this.options.clock.in(this.options.chance.between(1, STOP_MS), () => {
      if (this.#agent !== agent || this.phase !== "running") return;
      agent?.keepalived.stop();
      this.#end("no container");
    });
  }

  kill(): void {
    if (this.phase !== "running" && this.phase !== "frozen") return;
    this.#agent?.keepalived.kill();
    this.#end("no container");
    this.kernel.endRenewals();
  }

  die(): void {
    this.#agent?.keepalived.kill();
    this.#end("off");
    this.kernel.removeAll();
  }

  freeze(): void {
    if (this.phase !== "running") return;
    this.phase = "frozen";
    this.kernel.endRenewals();
    this.#judge();
  }

  async thaw(): Promise<void> {
    if (this.phase !== "frozen") return;
    this.phase = "running";
    this.kernel.resumeRenewals();
    // one that was frozen as it booted begins now
    if (this.#agent?.keepalived.isRunning !== true) this.startedMs = this.options.clock.nowMs;
    this.#judge();
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const happens of deferred) await this.#inContainer(happens);
    await this.#inContainer(() => this.#agent?.noticeFreeze());
  }

  setHealthy(isHealthy: boolean): void {
    this.isHealthy = isHealthy;
    this.#judge();
    this.#inContainer(() => this.#agent?.health.look());
  }

  setTentative(isTentative: boolean): void | Promise<void> {
    this.isTentative = isTentative;
    this.#judge();
    return this.#inContainer(() => this.#agent?.noticeNetwork());
  }

  renumber(address: string): void | Promise<void> {
    this.address = address;
    return this.#inContainer(() => this.#agent?.noticeNetwork());
  }

  /** As `ip address` shows it. */
  get network(): HostNetwork {
    const { address } = this;
    const isMarked = this.isTentative && !this.options.without.has("row9");
    const own = {
      address,
      prefix: 24,
      isSecondary: false,
      ...(isMarked ? { flaw: "tentative" as const } : {}),
    };
    const vips = [...this.kernel.addresses].map((vip) => ({ address: vip, prefix: 32, isSecondary: false }));
    return {
      interfaces: [
        { name: "eth0", index: 2, isLoopback: false, mac: this.name, addresses: [own, ...vips] },
        {
          name: "docker0",
          ...(this.options.without.has("row1") ? {} : { isForContainers: true }),
          index: 3,
          isLoopback: false,
          addresses: [{ address: DOCKER0_ADDRESS, prefix: 16, isSecondary: false }],
        },
      ],
      defaultRoute: { ipv4: "eth0" },
    };
  }

  get stateDir(): StateDir {
    return {
      path: `/${this.name}`,
      read: async (name) => {
        const text = this.#memory.get(name);
        return text === undefined ? undefined : JSON.parse(text);
      },
      write: async (name, value) => {
        if (this.isDiskFull) throw new AgentError("CONF_UNWRITABLE", `${name} cannot be written`);
        this.#memory.set(name, JSON.stringify(value));
      },
      isPresent: async () => true,
    };
  }

  #end(phase: "off" | "no container"): void {
    this.phase = phase;
    this.#life += 1;
    this.#agent = undefined;
    this.options.metadata.onChange = () => undefined;
    this.#judge();
  }

  /** Notes since when this machine could own a VIP. */
  #judge(): void {
    const isAble = this.phase === "running" && this.isHealthy && !this.isTentative;
    if (!isAble) this.ableSinceMs = Number.POSITIVE_INFINITY;
    else this.ableSinceMs = Math.min(this.ableSinceMs, this.options.clock.nowMs);
  }

  #inContainer(happens: () => void | Promise<void>): void | Promise<void> {
    return this.#scopeOf(this.#life)(happens);
  }

  #scopeOf(life: number): Scope {
    const scope: Scope = (happens) => {
      if (life !== this.#life || this.phase === "off" || this.phase === "no container") return undefined;
      if (this.phase === "frozen") return void this.#deferred.push(happens);
      return this.options.clock.inScope(scope, happens);
    };
    return scope;
  }

  #processClock(scope: Scope): ProcessClock {
    const { clock } = this.options;
    return {
      get nowMs() {
        return clock.nowMs;
      },
      at: (atMs, happens) => clock.at(atMs, () => scope(happens)),
      in: (delayMs, happens) => clock.in(delayMs, () => scope(happens)),
    };
  }
}
