/** Lists the differences between two readings of metadata. It gives names only, because values may be confidential. */

import { escapeText } from "../text/escape.ts";
import { listMembers } from "./members.ts";
import type { Snapshot } from "./snapshot.ts";

export interface MetadataChange {
  readonly what: "host" | "label" | "service metadata";
  readonly name: string;
  /** A host is `changed` when its addresses or its connection to Rancher change. */
  readonly how: "added" | "removed" | "changed";
}

/** The list ends after this many changes. */
const MAX_CHANGES = 20;

/** Compares members, then this host's labels, then keys of the service's metadata. Each part is sorted by name. */
export function compareSnapshots(before: Snapshot, after: Snapshot): MetadataChange[] {
  const changes = [
    ...differ("host", membersOf(before), membersOf(after)),
    ...differ(
      "label",
      new Map(Object.entries(before.self.labels)),
      new Map(Object.entries(after.self.labels)),
    ),
    ...differ("service metadata", leavesOf(before.service.metadata), leavesOf(after.service.metadata)),
  ];
  return changes.slice(0, MAX_CHANGES);
}

function differ(
  what: MetadataChange["what"],
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): MetadataChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return names.flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) return [];
    const how = was === undefined ? "added" : is === undefined ? "removed" : "changed";
    return [{ what, name: escapeText(name), how }];
  });
}

function membersOf(snapshot: Snapshot): Map<string, string> {
  const connection = new Map(snapshot.hosts.map(({ uuid, agentState }) => [uuid, agentState]));
  return new Map(
    listMembers(snapshot).map((member) => {
      const { hostUuid, hostName, address, groupAddresses } = member;
      return [hostName, JSON.stringify([hostUuid, address, groupAddresses, connection.get(hostUuid)])];
    }),
  );
}

/** Values by dotted key, such as `keepalived.check.ports`, whether the document nests the key or writes it dotted. */
function leavesOf(value: unknown, path = ""): Map<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return new Map([[path, JSON.stringify(value)]]);
  }
  const entries = Object.entries(value);
  return new Map(entries.flatMap(([key, each]) => [...leavesOf(each, path === "" ? key : `${path}.${key}`)]));
}
