/** What was heard of other machines on a group that begins on this host, and what this host knows of them. */
import type { HostNameOf } from "../text/host-text.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { AnswererRole } from "./answerers.ts";
import type { AddressAnswer, OwnIdentity } from "./answers.ts";

/** While the listener is not up yet, this host checks this often. */
export const RECHECK_MS = 100;

/** A machine that sends an owner's adverts and is not a peer. */
export interface Stranger {
  readonly source: string;
  readonly atMs: number;
  readonly goneMs: number;
}

/** What was heard since the group began. Times are of one monotonic clock. */
export interface Heard {
  readonly instance: Instance;
  readonly beganMs: number;
  readonly strangers: readonly Stranger[];
  /** The last answer of each machine for the first VIP, and for each other address that this host asked for. */
  readonly answers: readonly AddressAnswer[];
  /** When each host that was asked for last said hello as the owner of the VIPs. */
  readonly ownerHellos: ReadonlyMap<string, number>;
}

/** What this host can hear, and what else it knows, when it decides. */
export interface ListenerView {
  /** Since when every advert on the interface is heard. Undefined while none can be. */
  readonly sinceMs: number | undefined;
  /** Whether an address is one of the environment's hosts. Undefined while that is not known. */
  readonly isHost: (address: string) => boolean | undefined;
  /** Whether the host at an address may run VRRP: false once its kernel answered that it does not. */
  readonly mayRunVrrp: (address: string) => boolean;
  /** Each address is asked for this often. */
  readonly roundMs: number;
  readonly roleOf: (mac: string) => AnswererRole;
  /** Whether an address is that of one of this host's gateways. */
  readonly isGateway: (address: string) => boolean;
  readonly own: OwnIdentity;
  /** Names the hosts that metadata lists. */
  readonly nameOf?: HostNameOf | undefined;
}
