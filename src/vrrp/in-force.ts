/** What keepalived of this host runs now. Every part that keeps state by group is told of each change. */
import type { HostNetwork } from "../network/host-network.ts";
import type { Instance } from "./instance.ts";

export interface InForce {
  readonly instances: readonly Instance[];
  /** This host's network without the VIPs. */
  readonly network: HostNetwork;
  /** What the hosts of a group may run besides during a planned change, by group. */
  readonly changing: ReadonlyMap<string, readonly Instance[]>;
  /** Every group of this host, also one that is refused and does not run. */
  readonly groups: ReadonlySet<string>;
  /** Where the priority of each group came from, by group. Empty if the configuration is one of an earlier run. */
  readonly prioritySources: ReadonlyMap<string, string>;
}

/** A part that needs these fields of it. The part forgets what it knows of groups that are gone. */
export interface InForceSubscriber<Field extends keyof InForce = keyof InForce> {
  setInForce(now: Pick<InForce, Field>): void;
}
