import * as v from "valibot";
import type { HostNetwork } from "../network/host-network.ts";
import { HIDDEN } from "../text/escape.ts";

/** All virtual IPs of an instance, canonical. */
export function vipsOf({ firstVip, excludedVips }: Instance): string[] {
  return [firstVip, ...excludedVips].map(({ address }) => address);
}

/** A VIP as it is put on an interface. */
export interface Vip {
  readonly address: string;
  /** Prefix length in bits. */
  readonly prefix: number;
}

/** Where adverts go: to each peer, never an empty list; a host that is alone has its own address as the one peer. */
export interface Unicast {
  readonly source: string;
  readonly peers: readonly string[];
  readonly isAlone: boolean;
}

/** One `vrrp_instance` of keepalived.conf. */
export interface Instance {
  readonly name: string;
  readonly interface: string;
  readonly virtualRouterId: number;
  readonly priority: number;
  readonly advertIntervalSeconds: number;
  readonly vrrpVersion: 2 | 3;
  readonly preempt: boolean;
  readonly preemptDelaySeconds: number;
  /** Undefined: multicast. */
  readonly unicast: Unicast | undefined;
  /** The one VIP that is advertised, so that hosts with different lists of VIPs never split. */
  readonly firstVip: Vip;
  /** All others, sorted: they follow the first. */
  readonly excludedVips: readonly Vip[];
  readonly authPass: string | undefined;
}

export interface Desired {
  readonly routerId: string;
  readonly instances: readonly Instance[];
}

/** The interfaces of instances with the kernel's numbers for them, as one text to be compared. */
export function interfaceNumbers(instances: readonly Instance[], network: HostNetwork): string {
  const names = new Set(instances.map((instance) => instance.interface));
  const links = network.interfaces.filter(({ name }) => names.has(name));
  return links.map(({ name, index }) => `${name} ${index}`).join();
}

const vipSchema = v.object({ address: v.string(), prefix: v.number() });

export const instanceSchema = v.pipe(
  v.object({
    name: v.string(),
    interface: v.string(),
    virtualRouterId: v.number(),
    priority: v.number(),
    advertIntervalSeconds: v.number(),
    vrrpVersion: v.picklist([2, 3]),
    preempt: v.boolean(),
    preemptDelaySeconds: v.number(),
    unicast: v.optional(
      v.object({ source: v.string(), peers: v.array(v.string()), isAlone: v.boolean() }),
      undefined,
    ),
    firstVip: vipSchema,
    excludedVips: v.array(vipSchema),
    authPass: v.optional(v.literal(HIDDEN), undefined),
  }),
  // JSON leaves out what is undefined
  v.transform(
    (instance): Instance => ({ ...instance, unicast: instance.unicast, authPass: instance.authPass }),
  ),
);
