/**
 * keepalived.json, in which keepalived dumps the state of each instance on request. It is the most reliable source: the
 * log and the notify FIFO can miss a transition.
 */
import * as v from "valibot";
import { canonicalAddress } from "../network/address.ts";
import { tableOf } from "../text/table-schema.ts";

/** keepalived's numbers for the states. */
const STATES = {
  0: "INIT",
  1: "BACKUP",
  2: "MASTER",
  3: "FAULT",
  97: "DELETED",
  98: "STOP",
} as const;

export type VrrpStateName = (typeof STATES)[keyof typeof STATES] | "UNKNOWN";

/** One instance as keepalived sees it. */
export interface InstanceDump {
  readonly instance: string;
  readonly state: VrrpStateName;
  readonly virtualRouterId: number;
  readonly priority: number;
  readonly effectivePriority: number;
  readonly advertIntervalSeconds: number;
  /** Canonical addresses without prefix: the advertised VIPs first, then the excluded ones. */
  readonly vips: readonly string[];
  /** Whether keepalived has put the VIPs on their interface. */
  readonly vipsSet: boolean;
  /** Seconds since the epoch, with fractions. */
  readonly lastTransition: number;
  /** Counters since the VRRP process started, under keepalived's names (`advert_rcvd`, ...). */
  readonly stats: Readonly<Record<string, number>>;
}

/** Takes the address of `198.51.100.50/24 dev eth0 scope global set`. */
const Vip = v.pipe(
  v.string(),
  v.transform((text) => canonicalAddress(text.split(/[/\s]/, 1)[0] ?? "")),
  v.string("not an address"),
);

const Dump = v.array(
  v.object({
    data: v.object({
      iname: v.string(),
      state: v.number(),
      vrid: v.number(),
      base_priority: v.number(),
      effective_priority: v.number(),
      adver_int: v.number(),
      vipset: v.boolean(),
      last_transition: v.number(),
      vips: v.optional(v.array(Vip), []),
      evips: v.optional(v.array(Vip), []),
    }),
    stats: tableOf(v.number()),
  }),
);

/**
 * The instances of a dump, in keepalived's order.
 *
 * @throws {SyntaxError | v.ValiError} where the text is incomplete, as keepalived writes it in several steps, or not
 *   a dump.
 */
export function parseInstanceDumps(text: string): readonly InstanceDump[] {
  return v.parse(Dump, JSON.parse(text)).map(({ data, stats }) => ({
    instance: data.iname,
    state: STATES[data.state as keyof typeof STATES] ?? "UNKNOWN",
    virtualRouterId: data.vrid,
    priority: data.base_priority,
    effectivePriority: data.effective_priority,
    advertIntervalSeconds: data.adver_int,
    vips: [...data.vips, ...data.evips],
    vipsSet: data.vipset,
    lastTransition: data.last_transition,
    stats,
  }));
}
