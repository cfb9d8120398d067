/**
 * Which groups a journal entry is about. A link or an address concerns the groups that had it when it went: keepalived's
 * log names no group, and the other groups of the host did not move because of it.
 */
import { type Instance, vipsOf } from "../vrrp/instance.ts";
import type { JournalEntry, JournalEvent } from "./event.ts";

/**
 * The event with the groups that it affects, where that is known. A link of no group stays without: a template of your own
 * may track it.
 */
export function withGroups(event: JournalEvent, instances: readonly Instance[]): JournalEvent {
  if (event.kind !== "link" && event.kind !== "address-lost" && event.kind !== "lease-ended") return event;
  const affected = instances.filter((instance) =>
    event.kind === "link" ? instance.interface === event.interface : vipsOf(instance).includes(event.address),
  );
  const groups = [...new Set(affected.map(({ name }) => name))].toSorted();
  return groups.length === 0 ? event : { ...event, groups };
}

/** Whether an entry concerns the group: its own entries do, and those of no group in particular. */
export function concerns(entry: JournalEntry, group: string | undefined): boolean {
  return group === undefined || (groupsOf(entry)?.includes(group) ?? true);
}

/** The groups that an entry names; undefined for one of no group in particular. */
export function groupsOf(entry: JournalEntry): readonly string[] | undefined {
  if ("group" in entry) return [entry.group];
  return "groups" in entry ? entry.groups : undefined;
}
