/** Remembers how the kernel routes addresses, and asks it again by a process only where that may have changed. */
import { readFileSync } from "node:fs";
import { isIpv6 } from "../address.ts";
import type { Route } from "../ip-json.ts";
import { findRoute } from "./iproute.ts";

/** Routing rules and other tables than `main` are noticed after this time at the latest. */
const MAX_AGE_MS = 60_000;

export interface RouteCache {
  /** The routes of this host's own packets. Never rejects. @param isUrgent asks for all of them now. */
  findAll(addresses: readonly string[], isUrgent: boolean): Promise<ReadonlyMap<string, Route>>;
}

/** Addresses that the last call did not name are forgotten. */
export function createRouteCache(): RouteCache {
  let known: ReadonlyMap<string, Route> = new Map();
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let mainTable = "";
  return {
    findAll: async (addresses, isUrgent) => {
      const nowMs = performance.now();
      const tableNow = readMainTable();
      const isOld = isUrgent || nowMs - askedAtMs >= MAX_AGE_MS || tableNow !== mainTable;
      if (isOld) askedAtMs = nowMs;
      mainTable = tableNow;
      const routes = new Map<string, Route>();
      for (const address of new Set(addresses)) {
        const before = isOld || isIpv6(address) ? undefined : known.get(address);
        routes.set(address, before ?? (await findRoute(address)));
      }
      known = routes;
      return routes;
    },
  };
}

/** The kernel's list of IPv4 routes. (That of IPv6 counts uses, so it always changes.) Different each time where it cannot be read. */
function readMainTable(): string {
  try {
    return readFileSync("/proc/net/route", "utf8"); // memory, no disk
  } catch {
    return `unread ${performance.now()}`;
  }
}
