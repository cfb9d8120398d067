/** The journals of a night in which web moved from node-1 to node-2, and back. */
import type { JournalEntry, JournalEvent } from "../../src/journal/event.ts";

/** By one moment for all entries of a journal, so that its sentences are the same each time. The oldest first. */
type Night = (nowMs: number) => readonly JournalEntry[];

/** So many minutes before that moment. */
type Past = readonly (readonly [number, JournalEvent])[];

const before = (nowMs: number, minutes: number) => new Date(nowMs - minutes * 60_000).toISOString();

/** A check's verdict is dated with the minutes since its first probe: the moment replaces them. */
function nightOf(past: Past): Night {
  return (nowMs) =>
    past.map(([minutes, event]) => {
      const dated = event.kind === "check" ? { ...event, onset: before(nowMs, Number(event.onset)) } : event;
      return { at: before(nowMs, minutes), ...dated };
    });
}

const move = (group: string, from: string, to: string): JournalEvent => {
  return { kind: "transition", group, from, to };
};
const succession = (group: string, how: "given-up" | "none-heard"): JournalEvent => {
  return { kind: "succession", group, how };
};
const ports = (verdict: "healthy" | "unhealthy", reason: string, onset: number): JournalEvent => {
  return { kind: "check", group: "web", check: "ports", verdict, reason, onset: String(onset) };
};

export const NIGHT_OF_NODE_1 = nightOf([
  [190.2, { kind: "agent-started", version: "0.1.0" }],
  [190.1, { kind: "host", name: "node-1", uuid: "u1" }],
  [190.1, { kind: "keepalived-started" }],
  [190, { kind: "reload", outcome: "applied", durationMs: 136 }],
  [188, move("db", "UNKNOWN", "BACKUP")],
  [188, move("web", "UNKNOWN", "BACKUP")],
  [187.9, move("web", "BACKUP", "MASTER")],
  [187.89, succession("web", "none-heard")],
  [95, { kind: "metadata", changes: [{ what: "label", name: "keepalived.priority", how: "changed" }] }],
  [14.01, ports("unhealthy", "80/tcp: port-not-published", 14.03)],
  [14, move("web", "MASTER", "FAULT")],
  [13.999, { kind: "taken-over", group: "web", by: "node-2" }],
  [12.6, ports("healthy", "80/tcp and 443/tcp are published", 12.7)],
  [12.5, move("web", "FAULT", "BACKUP")],
  [12, move("web", "BACKUP", "MASTER")],
  [11.99, succession("web", "given-up")],
]);

export const NIGHT_OF_NODE_2 = nightOf([
  [190.3, { kind: "host", name: "node-2", uuid: "u2" }],
  [188.1, move("db", "BACKUP", "MASTER")],
  [188.09, succession("db", "none-heard")],
  [13.998, move("web", "BACKUP", "MASTER")],
  [13.99, succession("web", "given-up")],
  [12.1, { kind: "drain", group: "web", by: "command" }],
  [12.05, move("web", "MASTER", "FAULT")],
  [12.04, { kind: "taken-over", group: "web", by: "node-1" }],
  [11, { kind: "drain", group: "web" }],
]);
