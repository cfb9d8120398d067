/**
 * keepalived.json, which keepalived writes when it is asked for its state: the truth about each instance.
 */
import * as v from "valibot";
import { canonicalAddress } from "../network/address.ts";

/** keepalived's own numbers. */
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
  /** Canonical addresses without prefix: the advertised ones first, then the excluded ones. */
  readonly vips: readonly string[];
  /** Whether keepalived has put the VIPs on their interface. */
  readonly vipsSet: boolean;
  /** Seconds since the epoch, with fractions. */
  readonly lastTransition: number;
  /** Counters since the start of keepalived's VRRP process, under keepalived's names (`advert_rcvd`, ...). */
  readonly stats: Readonly<Record<string, number>>;
}

/** `198.51.100.50/24 dev eth0 scope global set`: only the address is of use. */
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
    stats: v.record(v.string(), v.number()),
  }),
);

/**
 * The instances of a dump, in keepalived's order.
 *
 * @throws {SyntaxError | v.ValiError} where the text is cut or is no dump: keepalived does not write it in one step.
 */
export function parseDump(text: string): readonly InstanceDump[] {
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
