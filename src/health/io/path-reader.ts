/** Reads what decides whether packets get through to their targets: the routes, and the filter tables. */
import type { Logger } from "pino";
import type { SharedChains } from "../../iptables/io/chains-listing.ts";
import { type FilterReader, openFilterReader } from "../../iptables/io/filter-reader.ts";
import type { RuleChanges } from "../../iptables/nat-schedule.ts";
import type { FilterRead } from "../../iptables/table-read.ts";
import { type Family, familyOf } from "../../network/address.ts";
import { mayRouteByPolicy } from "../../network/io/iproute.ts";
import { createRouteCache } from "../../network/io/route-cache.ts";
import type { Route } from "../../network/ip-json.ts";
import { findPathFault, isForwarded, type PathFault, type TranslatedPacket } from "../target-path.ts";

export interface PathReaderOptions {
  readonly nftChanges: RuleChanges;
  readonly sharedChains?: SharedChains;
  readonly log: Logger;
  /** Ends the readings. */
  readonly signal: AbortSignal;
}

/** What is known about one packet, except the settings of forwarding. */
export interface PathReading {
  readonly packet: TranslatedPacket;
  readonly route: Route;
  readonly isForwarded: boolean;
  readonly fault: PathFault | undefined;
}

export interface PathReader {
  /**
   * One call at a time. Never rejects.
   *
   * @param isUrgent reads everything as it is now. Otherwise facts that cost a process may be a minute old.
   */
  read(packets: readonly TranslatedPacket[], isUrgent: boolean): Promise<readonly PathReading[]>;
}

export function openPathReader(options: PathReaderOptions): PathReader {
  const routeCache = createRouteCache();
  const readers = new Map<Family, FilterReader>();
  const readFilters = async (family: Family, isUrgent: boolean): Promise<readonly FilterRead[]> => {
    const reader = readers.get(family) ?? openFilterReader({ ...options, family });
    readers.set(family, reader);
    return reader.read(isUrgent);
  };
  return {
    read: async (packets, isUrgent) => {
      const families = new Set(packets.map(({ target }) => familyOf(target)));
      const filters: FilterRead[] = [];
      for (const family of families) filters.push(...(await readFilters(family, isUrgent)));
      const targets = packets.map(({ target }) => target);
      return judge(packets, await routeCache.findAll(targets, isUrgent), filters);
    },
  };
}

/** Whether forwarded packets may take other routes is asked only where that matters, because it costs a process. */
async function judge(
  packets: readonly TranslatedPacket[],
  routes: ReadonlyMap<string, Route>,
  filters: readonly FilterRead[],
): Promise<readonly PathReading[]> {
  const judgeWith = (hasOtherRoutes: boolean) =>
    packets.map((packet): PathReading => {
      const route = routes.get(packet.target) ?? { kind: "unknown" };
      const fault = findPathFault(packet, { route, hasOtherRoutes, filters });
      return { packet, route, isForwarded: isForwarded(route), fault };
    });
  const byOwnRoutes = judgeWith(false);
  const blocked = byOwnRoutes.find(({ fault }) => fault !== undefined)?.packet;
  if (blocked === undefined) return byOwnRoutes;
  return (await mayRouteByPolicy(familyOf(blocked.target))) ? judgeWith(true) : byOwnRoutes;
}
