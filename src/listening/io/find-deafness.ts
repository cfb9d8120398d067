/** Finds rules of this host that keep the adverts of a group's other hosts from keepalived. */
import { readFilterTables } from "../../iptables/io/filter-tables.ts";
import type { FilterRead } from "../../iptables/table-read.ts";
import { familyOf } from "../../network/address.ts";
import type { HostNameOf } from "../../text/host-text.ts";
import type { Instance } from "../../vrrp/instance.ts";
import { deafnessOf } from "../deafness.ts";

/** Long enough for a very busy host: without the rules, an owner would wrongly be called silent. */
const READ_TIMEOUT_MS = 5_000;
/** Groups that come to this host together share one reading. */
const SHARED_MS = 1_000;

/**
 * A clause such as `protocol 112 from 198.51.100.12 is dropped by ...`; undefined where this host's rules drop no peer's
 * adverts, or cannot be read. Never rejects.
 *
 * @param owner address of the peer that is looked at first, as its adverts are those that were missed.
 */
export type FindDeafness = (instance: Instance, owner?: string) => Promise<string | undefined>;

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
  return async (instance, owner) => {
    const reads = await readShared(familyOf(instance.firstVip.address));
    return deafnessOf(instance, reads, { owner, nameOf });
  };
}
