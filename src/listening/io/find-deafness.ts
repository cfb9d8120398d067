/** Looks on this host for what keeps the adverts of a group's other hosts from keepalived. */
import { findBlocker } from "../../iptables/filter-walk.ts";
import { readFilterTables } from "../../iptables/io/filter-tables.ts";
import type { FilterRead } from "../../iptables/table-read.ts";
import { familyOf } from "../../network/address.ts";
import { type HostNameOf, hostText } from "../../text/host-text.ts";
import type { Instance } from "../../vrrp/instance.ts";

/** Long enough for a very busy host: without the rules, an owner would wrongly be called silent. */
const READ_TIMEOUT_MS = 5_000;
/** Groups that come to this host together share one reading. */
const SHARED_MS = 1_000;

/**
 * A clause such as `protocol 112 from 198.51.100.12 is dropped by ...`; undefined where this host's rules drop no peer's
 * adverts, or cannot be read. Never rejects.
 */
export type FindDeafness = (instance: Instance) => Promise<string | undefined>;

export function createDeafnessFinder(nameOf: HostNameOf, signal: AbortSignal): FindDeafness {
  const shared = new Map<FilterRead["family"], { atMs: number; reads: Promise<readonly FilterRead[]> }>();
  const readShared = (family: FilterRead["family"]): Promise<readonly FilterRead[]> => {
    const known = shared.get(family);
    if (known !== undefined && performance.now() - known.atMs < SHARED_MS) return known.reads;
    const isUnder = AbortSignal.any([signal, AbortSignal.timeout(READ_TIMEOUT_MS)]);
    const reads = readFilterTables([family], isUnder).catch(() => []);
    shared.set(family, { atMs: performance.now(), reads });
    return reads;
  };
  return async (instance) =>
    blockerOf(instance, await readShared(familyOf(instance.firstVip.address)), nameOf);
}

function blockerOf(
  { interface: link, firstVip, unicast }: Instance,
  reads: readonly FilterRead[],
  nameOf: HostNameOf,
): string | undefined {
  const group = familyOf(firstVip.address) === "ipv4" ? "224.0.0.18" : "ff02::12";
  const adverts =
    unicast === undefined
      ? [{ source: undefined, destination: group }]
      : unicast.peers.map((source) => ({ source, destination: unicast.source }));
  for (const { source, destination } of adverts) {
    for (const { read, backend } of reads) {
      if (read.kind !== "table") continue;
      const rule = findBlocker(read.text, { direction: "in", interface: link, source, destination });
      if (rule === undefined) continue;
      const from = source === undefined ? "other hosts" : hostText(source, nameOf(source));
      return `protocol 112 from ${from} is dropped by ${rule} (iptables of ${backend})`;
    }
  }
  return undefined;
}
