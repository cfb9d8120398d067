/**
 * One VRRP instance as keepalived 2.2.7 runs it with the agent's configuration (RFC 9568 section 6.4, facts measured):
 * `state BACKUP`, `nopreempt`, `lower_prio_no_advert`, `check_unicast_src`, TTL 255 of peers, FAULT by a track file.
 */
import { acceptsAdvert } from "../../src/vrrp/accepted-advert.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import { type Instance, vipsOf } from "../../src/vrrp/instance.ts";
import { advertisedRouter, isSameVirtualRouter, virtualRouterOf } from "../../src/vrrp/virtual-router.ts";
import type { ProcessClock } from "./clock.ts";

export type VrrpState = "BACKUP" | "MASTER" | "FAULT";

export interface VrrpOptions {
  readonly clock: ProcessClock;
  /** The first address of the interface: the source of multicast. */
  readonly ownAddress: () => string;
  /** The end of vrrp_startup_delay: no instance becomes owner before it, or within its down time after it. */
  readonly startedMs: number;
  /** What the track file says now. */
  readonly isAllowed: (group: string) => boolean;
  readonly send: (advert: Advert) => void;
  readonly addVip: (address: string) => void;
  readonly removeVip: (address: string) => void;
  readonly onState: (group: string, state: VrrpState) => void;
  /** keepalived drops an advert of its group, as the sender is no peer, and logs the sender. */
  readonly onUnknownSender: (group: string, address: string) => void;
}

export class Vrrp {
  state: VrrpState;
  conf: Instance;
  readonly #options: VrrpOptions;
  /** The interval of the owner, which VRRPv3 backups adopt. */
  #ownerIntervalMs: number;
  #dueMs = Number.POSITIVE_INFINITY;
  #wakeMs = Number.POSITIVE_INFINITY;
  #isEnded = false;

  constructor(conf: Instance, options: VrrpOptions) {
    [this.conf, this.#options] = [conf, options];
    this.#ownerIntervalMs = intervalMs(conf);
    this.state = options.isAllowed(conf.name) ? "BACKUP" : "FAULT";
    if (this.state === "BACKUP") this.#waitForOwner(this.#downMs);
    options.onState(conf.name, this.state);
  }

  /** Takes another configuration, and keeps its state: same VRID, interface and source. */
  reload(conf: Instance): void {
    const before = this.conf;
    this.conf = conf;
    this.#ownerIntervalMs = intervalMs(conf);
    if (this.state === "MASTER") {
      const [had, has] = [new Set(vipsOf(before)), new Set(vipsOf(conf))];
      for (const address of had.difference(has)) this.#options.removeVip(address);
      for (const address of has) this.#options.addVip(address); // also one that the kernel refused before
      this.#advertise();
    } else if (this.state === "BACKUP") {
      this.#waitForOwner(this.#downMs);
    }
    this.checkTrackFile();
  }

  /** Ends in order: an owner releases the VIPs and says so. */
  end(): void {
    if (this.state === "MASTER") this.#release();
    this.vanish();
  }

  /** Ends without a word, and leaves the VIPs where they are. */
  vanish(): void {
    this.#isEnded = true;
  }

  checkTrackFile(): void {
    const isAllowed = this.#options.isAllowed(this.conf.name);
    if (!isAllowed && this.state !== "FAULT") {
      if (this.state === "MASTER") this.#release();
      this.#enter("FAULT");
    } else if (isAllowed && this.state === "FAULT") {
      this.#waitForOwner(this.#downMs);
      this.#enter("BACKUP");
    }
  }

  /** The first VIP was removed, by the kernel or by hand: an owner gives up, and stands for election again. */
  loseVip(address: string): void {
    if (this.state !== "MASTER" || this.conf.firstVip.address !== address) return;
    this.#release();
    this.#waitForOwner(this.#downMs);
    this.#enter("BACKUP");
  }

  receive(advert: Advert): void {
    const { conf } = this;
    const router = advertisedRouter(advert, conf.interface);
    if (this.#isEnded || this.state === "FAULT" || !isSameVirtualRouter(virtualRouterOf(conf), router))
      return;
    if (conf.unicast !== undefined && !conf.unicast.peers.includes(advert.source)) {
      this.#options.onUnknownSender(conf.name, advert.source);
      return;
    }
    if (advert.ttl !== 255 || !acceptsAdvert(conf, advert)) return;
    if (this.state === "BACKUP") this.#receiveAsBackup(advert);
    else this.#receiveAsOwner(advert);
  }

  #receiveAsBackup({ priority, intervalSeconds }: Advert): void {
    if (this.conf.preempt && priority > 0 && priority < this.conf.priority) return;
    if (this.conf.vrrpVersion === 3 && priority > 0) this.#ownerIntervalMs = 1_000 * intervalSeconds;
    this.#waitForOwner(priority === 0 ? this.#skewMs : this.#downMs);
  }

  #receiveAsOwner({ priority, source, intervalSeconds }: Advert): void {
    if (priority === 0) this.#advertise();
    const isHigher =
      priority > this.conf.priority ||
      (priority === this.conf.priority &&
        isHigherAddress(source, this.conf.unicast?.source ?? this.#options.ownAddress()));
    if (!isHigher) return;
    this.#advertise(); // higher_prio_send_advert
    for (const address of vipsOf(this.conf)) this.#options.removeVip(address);
    if (this.conf.vrrpVersion === 3) this.#ownerIntervalMs = 1_000 * intervalSeconds;
    this.#waitForOwner(this.#downMs);
    this.#enter("BACKUP");
  }

  #wake(): void {
    if (this.#isEnded || this.state === "FAULT") return;
    if (this.#options.clock.nowMs < this.#dueMs) {
      this.#sleep();
      return;
    }
    if (this.state === "BACKUP") {
      this.#ownerIntervalMs = intervalMs(this.conf);
      this.#enter("MASTER");
      for (const address of vipsOf(this.conf)) this.#options.addVip(address);
    }
    this.#advertise();
  }

  #advertise(): void {
    this.#send(this.conf.priority);
    this.#dueMs = this.#options.clock.nowMs + intervalMs(this.conf);
    this.#sleep();
  }

  #release(): void {
    this.#send(0);
    for (const address of vipsOf(this.conf)) this.#options.removeVip(address);
  }

  #send(priority: number): void {
    const { unicast, virtualRouterId, vrrpVersion, firstVip, advertIntervalSeconds, authPass } = this.conf;
    const source = unicast?.source ?? this.#options.ownAddress();
    const destinations = unicast?.peers.filter((peer) => peer !== unicast.source) ?? ["224.0.0.18"];
    for (const destination of destinations) {
      this.#options.send({
        source,
        destination,
        ttl: 255,
        version: vrrpVersion,
        virtualRouterId,
        priority,
        addresses: [firstVip.address],
        authPass,
        intervalSeconds: advertIntervalSeconds,
      });
    }
  }

  #waitForOwner(downMs: number): void {
    const { clock, startedMs } = this.#options;
    this.#dueMs = Math.max(clock.nowMs, startedMs) + downMs;
    this.#sleep();
  }

  /** One timer is enough: it looks again where what it waits for was put off meanwhile. */
  #sleep(): void {
    const { clock } = this.#options;
    if (this.#wakeMs > clock.nowMs && this.#wakeMs <= this.#dueMs) return;
    const wakeMs = this.#dueMs;
    this.#wakeMs = wakeMs;
    clock.at(wakeMs, () => {
      if (this.#wakeMs !== wakeMs) return;
      this.#wakeMs = Number.POSITIVE_INFINITY;
      this.#wake();
    });
  }

  #enter(state: VrrpState): void {
    this.state = state;
    this.#options.onState(this.conf.name, state);
  }

  /** Skew_Time. */
  get #skewMs(): number {
    const unitMs = this.conf.vrrpVersion === 3 ? this.#ownerIntervalMs : 1_000;
    return ((256 - this.conf.priority) / 256) * unitMs;
  }

  /** Active_Down_Interval. */
  get #downMs(): number {
    return 3 * this.#ownerIntervalMs + this.#skewMs;
  }
}

function intervalMs({ advertIntervalSeconds }: Instance): number {
  return 1_000 * advertIntervalSeconds;
}

function isHigherAddress(a: string, b: string): boolean {
  const numberOf = (address: string) => address.split(".").reduce((sum, part) => 256 * sum + Number(part), 0);
  return numberOf(a) > numberOf(b);
}
