/**
 * Runs keepalived for one agent: starts it, reloads it, replaces it, and verifies what it says. VIPs that an earlier one
 * left are removed before it starts.
 */
import type { LogLine } from "../../src/keepalived/log-line.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import type { Desired } from "../../src/vrrp/instance.ts";
import type { ProcessClock } from "./clock.ts";
import type { Health } from "./health.ts";
import type { Host } from "./host.ts";
import { Keepalived } from "./keepalived.ts";
import { Verification } from "./verification.ts";
import type { VrrpState } from "./vrrp.ts";

/** Of src/keepalived/io/supervisor.ts: the pause after the agent itself ended keepalived, and the longest. */
const RESTART_MS = 200;
const LONGEST_RESTART_MS = 30_000;

export interface KeepalivedRunnerOptions {
  readonly clock: ProcessClock;
  readonly host: Host;
  readonly health: Health;
  readonly onState: (group: string, state: VrrpState) => void;
  /** A line of keepalived's log that names a sender that is no peer. */
  readonly onUnknownSender: (line: LogLine) => void;
  readonly onLine: (text: string) => void;
}

export class KeepalivedRunner {
  readonly #options: KeepalivedRunnerOptions;
  readonly #verification: Verification;
  #desired: Desired | undefined;
  #process: Keepalived | undefined;
  #restarts = 0;

  constructor(options: KeepalivedRunnerOptions) {
    this.#options = options;
    const { clock, host, health } = options;
    this.#verification = new Verification({
      clock,
      kernel: host.kernel,
      without: host.options.without,
      running: () => this.#process?.running,
      isHealthy: () => health.isHealthy,
      setHold: (group, reason) => health.setHold(group, reason, "vip"),
      reload: () => this.#desired && this.#process?.reload(this.#desired),
      replace: (why) => this.#replace(why),
    });
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  stateOf(group: string): VrrpState | undefined {
    return this.#process?.stateOf(group);
  }

  describe(): unknown {
    return this.#process?.running.map(({ conf, state }) => ({ conf, state }));
  }

  /** Has keepalived take the configuration: by its start or by a reload. */
  run(desired: Desired): void {
    this.#desired = desired;
    this.#verification.note();
    if (this.#process === undefined) this.#start(desired);
    else this.#process.reload(desired);
  }

  receive(advert: Advert): void {
    this.#process?.receive(advert);
  }

  checkTrackFiles(): void {
    this.#process?.checkTrackFiles();
  }

  loseVip(address: string): void {
    this.#process?.loseVip(address);
    this.#verification.note();
  }

  /** SIGTERM. */
  stop(): void {
    this.#process?.stop();
    this.#process = undefined;
  }

  /** SIGKILL. */
  kill(): void {
    this.#process?.kill();
    this.#process = undefined;
  }

  #start(desired: Desired): void {
    const { clock, host, health, onState, onUnknownSender } = this.#options;
    host.kernel.removeAll();
    this.#process = new Keepalived(desired, {
      clock,
      ownAddress: () => host.address,
      isAllowed: health.isAllowed,
      send: (advert) => host.send(advert),
      addVip: (address) => host.kernel.add(address),
      removeVip: (address) => host.kernel.remove(address),
      onState: (group, state) => {
        onState(group, state);
        this.#verification.note();
      },
      onUnknownSender: (instance, address) =>
        onUnknownSender({
          kind: "unknown-sender",
          instance,
          address,
          text: "",
          level: "warn",
          summary: "",
        }),
    });
  }

  /** Before the mend of row 7, each replacement waited twice as long as the one before it. */
  #replace(why: string): void {
    const { clock, host, onLine } = this.#options;
    onLine(`keepalived is replaced: ${why}`);
    this.stop();
    const isGrowing = host.options.without.has("row7");
    const pauseMs = isGrowing ? Math.min(RESTART_MS * 2 ** this.#restarts, LONGEST_RESTART_MS) : RESTART_MS;
    this.#restarts += 1;
    clock.in(pauseMs, () => {
      if (this.#process === undefined && this.#desired !== undefined) this.#start(this.#desired);
    });
  }
}
