/** One keepalived process: its instances, and what it keeps of them over a reload. */

import { confPathsIn } from "../../src/conf/paths.ts";
import { templateContext } from "../../src/conf/render.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import type { Desired, Instance } from "../../src/vrrp/instance.ts";
import { keepsOwnerState } from "../../src/vrrp/same-group.ts";
import { Vrrp, type VrrpOptions, type VrrpState } from "./vrrp.ts";

const CONF_PATHS = confPathsIn("/");

export type KeepalivedOptions = Omit<VrrpOptions, "startedMs">;

export class Keepalived {
  readonly #options: VrrpOptions;
  #instances: readonly Vrrp[];

  constructor(desired: Desired, options: KeepalivedOptions) {
    const startedMs = options.clock.nowMs + 1_000 * templateContext(desired, CONF_PATHS).startupDelaySeconds;
    this.#options = { ...options, startedMs };
    this.#instances = desired.instances.map((conf) => new Vrrp(conf, this.#options));
  }

  stateOf(group: string): VrrpState | undefined {
    return this.#instances.find(({ conf }) => conf.name === group)?.state;
  }

  get running(): readonly { readonly conf: Instance; readonly state: VrrpState }[] {
    return this.#instances;
  }

  /** SIGHUP. It knows an instance again by its VRID, interface and source, whatever its name. */
  reload({ instances }: Desired): void {
    const successors = new Map<Vrrp, Instance>();
    for (const conf of instances) {
      const former = this.#instances.find((one) => keepsOwnerState(one.conf, conf));
      if (former !== undefined) successors.set(former, conf);
    }
    for (const former of this.#instances) if (!successors.has(former)) former.end();
    this.#instances = instances.map((conf) => {
      const former = [...successors].find(([, successor]) => successor === conf)?.[0];
      if (former === undefined) return new Vrrp(conf, this.#options);
      former.reload(conf);
      return former;
    });
  }

  /** SIGTERM. */
  stop(): void {
    for (const instance of this.#instances) instance.end();
  }

  /** SIGKILL. */
  kill(): void {
    for (const instance of this.#instances) instance.vanish();
  }

  receive(advert: Advert): void {
    for (const instance of this.#instances) instance.receive(advert);
  }

  checkTrackFiles(): void {
    for (const instance of this.#instances) instance.checkTrackFile();
  }

  loseVip(address: string): void {
    for (const instance of this.#instances) instance.loseVip(address);
  }
}
