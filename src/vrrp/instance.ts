/** The instance: one VRRP group as keepalived of one host runs it, and its form in state files. */
import * as v from "valibot";
import type { HostNetwork } from "../network/host-network.ts";
import { HIDDEN } from "../text/escape.ts";

/** A virtual IP as keepalived puts it on an interface. */
export interface Vip {
  readonly address: string;
  /** Prefix length in bits. */
  readonly prefix: number;
}

/** Where an owner sends its adverts. */
export interface Unicast {
  readonly source: string;
  /** Never empty: a host that is alone has its own address as its only peer. */
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
  /** Undefined for multicast. */
  readonly unicast: Unicast | undefined;
  /** The only VIP that is advertised, so that hosts with different lists of VIPs stay one group. */
  readonly firstVip: Vip;
  /** All other VIPs, sorted. They go where the first VIP goes. */
  readonly excludedVips: readonly Vip[];
  readonly authPass: string | undefined;
}

/** What keepalived should run. */
export interface Desired {
  readonly routerId: string;
  readonly instances: readonly Instance[];
}

/** All virtual IPs of an instance, canonical, the first one first. */
export function vipsOf({ firstVip, excludedVips }: Instance): string[] {
  return [firstVip, ...excludedVips].map(({ address }) => address);
}

/** The interfaces of the instances with their kernel index, as one text to compare. */
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
  // JSON has no undefined, so the keys may be missing
  v.transform(
    (instance): Instance => ({ ...instance, unicast: instance.unicast, authPass: instance.authPass }),
  ),
);
