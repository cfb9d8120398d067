/** What an agent of the model has of its machine. */
import type { HostNetwork } from "../../src/network/host-network.ts";
import type { StateDir } from "../../src/system/io/state-dir.ts";
import type { Advert } from "../../src/vrrp/advert.ts";
import type { Chance } from "./chance.ts";
import type { Kernel } from "./kernel.ts";
import type { MetadataService } from "./rancher.ts";
import type { Without } from "./without.ts";

export interface Host {
  readonly name: string;
  /** Its address on the LAN. */
  readonly address: string;
  /** Whether what the VIP serves works. */
  readonly isHealthy: boolean;
  readonly kernel: Kernel;
  readonly network: HostNetwork;
  readonly stateDir: StateDir;
  readonly options: {
    readonly chance: Chance;
    readonly metadata: MetadataService;
    readonly graceSeconds: number;
    readonly without: Without;
    readonly onLine: (text: string) => void;
  };
  send(advert: Advert): void;
  /** The MACs of the other machines that answer ARP for the address. */
  answerers(address: string): string[];
  /** Whether the host at this address runs VRRP. */
  mayRunVrrp(address: string): boolean;
}
