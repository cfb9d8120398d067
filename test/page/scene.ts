/** What the three hosts of the stage say of themselves: node-1 owns web, node-2 owns db, and web fails on node-3. */
import type { CheckStatus, GroupHealthStatus } from "../../src/health/status.ts";
import type { Status } from "../../src/status/status.ts";
import { OWNED } from "../fixtures/status.ts";

export function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

export function check(name: string, reason: string): CheckStatus {
  return { name, verdict: "healthy", reason, since: minutesAgo(190), onset: minutesAgo(190) };
}

export const HEALTHY: Omit<GroupHealthStatus, "group"> = {
  isHealthy: true,
  isDrained: false,
  drainedBy: undefined,
  heldBy: undefined,
  checks: [],
};

type Instance = Status["instances"][number];

/** @param number of the host that owns the group, @param self of the host that says so. */
export function ownerFor(owner: number, self: number, minutes: number): NonNullable<Instance["owner"]> {
  return {
    host: `node-${owner}`,
    uuid: `u${owner}`,
    address: `198.51.100.1${owner}`,
    isSelf: owner === self,
    since: minutesAgo(minutes),
    heardAt: owner === self ? undefined : minutesAgo(0),
  };
}

/** A group that node-`owner` has owned for so many minutes, as node-`self` runs it. */
export function instanceFor(
  name: string,
  { owner, self, minutes }: { readonly owner: number; readonly self: number; readonly minutes: number },
): Instance {
  return {
    ...OWNED,
    name,
    state: owner === self ? "MASTER" : "BACKUP",
    since: minutesAgo(minutes),
    source: `198.51.100.1${self}`,
    peers: [1, 2, 3].filter((number) => number !== self).map((number) => `198.51.100.1${number}`),
    owner: ownerFor(owner, self, minutes),
  };
}

/** The status of node-`self`. */
export function statusOfHost(self: number): Partial<Status> {
  const fails = self === 3;
  return {
    host: { uuid: `u${self}`, name: `node-${self}` },
    service: "lb/keepalived",
    metadata: { source: "live", version: "2aa625ad-3696-4ba5-8037-2e06380234ff", readAt: minutesAgo(2) },
    keepalived: { isRunning: true, pid: 31 },
    configuration: {
      appliedAt: minutesAgo(190),
      appliedCount: 2,
      rejected: undefined,
      lastReload: { at: minutesAgo(190), outcome: "applied", durationMs: 136, reason: undefined },
    },
    instances: [
      {
        ...instanceFor("web", { owner: 1, self, minutes: 12 }),
        ...(fails ? { state: "FAULT" } : {}),
        priority: 250 - 10 * self,
        prioritySource: self === 1 ? "keepalived.priority (host label)" : "derived",
        vips: ["198.51.100.50/24", "198.51.100.51/24"],
      },
      {
        ...instanceFor("db", { owner: 2, self, minutes: 188 }),
        virtualRouterId: 60,
        priority: 210 + self,
        prioritySource: "derived",
        vips: ["198.51.100.60/24"],
      },
    ],
    health: [
      { ...HEALTHY, group: "db", checks: [check("tcp", "connected in 1 ms")] },
      {
        ...HEALTHY,
        group: "web",
        isHealthy: !fails,
        checks: [
          fails
            ? { ...check("ports", "80/tcp: port-not-published"), verdict: "unhealthy", since: minutesAgo(14) }
            : check("ports", "80/tcp and 443/tcp are published"),
          check("http", "answered 200 in 4 ms"),
        ],
      },
    ],
  };
}
