/** The page with something to show: a status of two groups, and the journal of a night in which the VIP moved twice. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pino from "pino";
import type { CheckStatus, GroupHealthStatus } from "../../src/health/status.ts";
import { openHttp } from "../../src/http/io/http.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import { type Journal, openJournal } from "../../src/journal/io/journal.ts";
import { createStatusStore, type StatusStore } from "../../src/status/io/store.ts";
import type { Status } from "../../src/status/status.ts";
import { OWNED } from "../fixtures/status.ts";

const PAGE = fileURLToPath(new URL("../../templates/page.html", import.meta.url));

export function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}

export function check(name: string, reason: string): CheckStatus {
  return { name, verdict: "healthy", reason, since: minutesAgo(190), onset: minutesAgo(190) };
}

export const WEB = {
  ...OWNED,
  name: "web",
  since: minutesAgo(12),
  prioritySource: "keepalived.priority (host label)",
  vips: ["198.51.100.50/24", "198.51.100.51/24"],
  peers: ["198.51.100.12", "198.51.100.13"],
};
const DB = {
  ...WEB,
  name: "db",
  state: "BACKUP",
  since: minutesAgo(188),
  virtualRouterId: 60,
  priority: 217,
  prioritySource: "derived",
  vips: ["198.51.100.60/24"],
};
export const HEALTHY: Omit<GroupHealthStatus, "group"> = {
  isHealthy: true,
  isDrained: false,
  drainedBy: undefined,
  heldBy: undefined,
  checks: [],
};

const SHOWN: Partial<Status> = {
  host: { uuid: "2b6f1a8e", name: "node-1" },
  service: "lb/keepalived",
  metadata: { source: "live", version: "2aa625ad-3696-4ba5-8037-2e06380234ff", readAt: minutesAgo(2) },
  keepalived: { isRunning: true, pid: 31 },
  configuration: {
    appliedAt: minutesAgo(190),
    appliedCount: 2,
    rejected: undefined,
    lastReload: { at: minutesAgo(190), outcome: "applied", durationMs: 136, reason: undefined },
  },
  members: [
    { host: "node-2", uuid: "9c31", addresses: ["198.51.100.12"], presence: "running" },
    { host: "node-3", uuid: "07de", addresses: ["198.51.100.13"], presence: "disconnected" },
  ],
  instances: [DB, WEB],
  health: [
    { ...HEALTHY, group: "db", checks: [check("tcp", "connected in 1 ms")] },
    {
      ...HEALTHY,
      group: "web",
      checks: [check("ports", "80/tcp and 443/tcp are published"), check("http", "answered 200 in 4 ms")],
    },
  ],
};

const move = (group: string, from: string, to: string): JournalEvent => ({
  kind: "transition",
  group,
  from,
  to,
});
const ports = (verdict: "healthy" | "unhealthy", reason: string, onset: number): JournalEvent => {
  return { kind: "check", group: "web", check: "ports", verdict, reason, onset: minutesAgo(onset) };
};
const NIGHT: readonly (readonly [number, JournalEvent])[] = [
  [190.2, { kind: "agent-started", version: "0.1.0" }],
  [190.1, { kind: "host", name: "node-1", uuid: "2b6f1a8e" }],
  [190.1, { kind: "keepalived-started" }],
  [190, { kind: "reload", outcome: "applied", durationMs: 136 }],
  [188, move("db", "UNKNOWN", "BACKUP")],
  [188, move("web", "UNKNOWN", "BACKUP")],
  [187.9, move("web", "BACKUP", "MASTER")],
  [187.89, { kind: "succession", group: "web", how: "none-heard" }],
  [95, { kind: "metadata", changes: [{ what: "label", name: "keepalived.priority", how: "changed" }] }],
  [14.01, ports("unhealthy", "80/tcp: port-not-published", 14.03)],
  [14, move("web", "MASTER", "FAULT")],
  [12.6, ports("healthy", "80/tcp and 443/tcp are published", 12.7)],
  [12.5, move("web", "FAULT", "BACKUP")],
  [12, move("web", "BACKUP", "MASTER")],
  [11.99, { kind: "succession", group: "web", how: "given-up" }],
];

export interface Stage {
  readonly store: StatusStore;
  readonly journal: Journal;
  readonly url: string;
}

/** Serves the page on a free port of this host until the signal aborts. */
export async function openStage(folder: string, signal: AbortSignal): Promise<Stage> {
  const lines = NIGHT.map(([minutes, event]) => JSON.stringify({ at: minutesAgo(minutes), ...event }));
  appendFileSync(join(folder, "journal.jsonl"), `${lines.join("\n")}\n`);
  const silent = pino({ level: "silent" });
  const journal = await openJournal(folder, silent);
  const identity = { version: "0.1.0", pid: 7, stateDir: folder };
  const store = createStatusStore({ ...identity, log: silent, publish: () => undefined });
  store.update(SHOWN);
  const listens = Promise.withResolvers<number>();
  const write = (line: string) => {
    const { msg, port } = JSON.parse(line);
    if (msg === "HTTP server listening") listens.resolve(port);
  };
  openHttp({
    endpoint: { host: "127.0.0.1", port: 0 },
    hostName: "node-1",
    pageFile: PAGE,
    store,
    report: store.reportOf("http"),
    journal,
    log: pino({}, { write }),
    signal,
  });
  return { store, journal, url: `http://127.0.0.1:${await listens.promise}/` };
}
