/** The VIPs that have a lifetime while this host has them, and the lines that tell the listener process about them. */
import ipaddr from "ipaddr.js";
import { isIpv6 } from "../network/address.ts";
import { type Instance, vipsOf } from "../vrrp/instance.ts";

/**
 * A VIP on the interface that keepalived puts it on. The same VIP on another interface belongs to another program, and
 * has no lease.
 */
export interface LeasedVip {
  readonly interface: string;
  readonly address: string;
}

export interface LeaseOrder {
  readonly vips: readonly LeasedVip[];
  /** The lifetime, and what the listener needs to renew it. */
  readonly seconds: number;
  /** Whether VIPs without a lifetime get one. Otherwise only those that have one keep it. */
  readonly mayAdopt: boolean;
  /** Where keepalived's VRRP process writes its pid. */
  readonly pidFile: string;
}

/** The address families of the kernel. */
const AF_INET = 2;
const AF_INET6 = 10;

/** Sorted and without repeats, so that the same VIPs make the same lines. */
export function leasedVips(instances: readonly Instance[]): LeasedVip[] {
  const vips = instances.flatMap((instance) =>
    vipsOf(instance).map(
      (address) => [keyOf({ interface: instance.interface, address }), instance, address] as const,
    ),
  );
  const byKey = new Map(
    vips.map(([key, { interface: link }, address]) => [key, { interface: link, address }]),
  );
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, vip]) => vip);
}

export function keyOf({ interface: link, address }: LeasedVip): string {
  return `${address} on ${link}`;
}

/** The family as the listener names it. */
export function leaseFamily(address: string): number {
  return isIpv6(address) ? AF_INET6 : AF_INET;
}

export function leaseLines({ vips, seconds, mayAdopt, pidFile }: LeaseOrder): string[] {
  return [
    ...vips.map(
      ({ interface: link, address }) => `lease-vip ${link} ${leaseFamily(address)} ${hexOf(address)}`,
    ),
    `lease-go ${seconds} ${mayAdopt ? 1 : 0} ${pidFile}`,
  ];
}

function hexOf(address: string): string {
  return ipaddr
    .parse(address)
    .toByteArray()
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
