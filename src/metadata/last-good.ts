/**
 * last-good.json in STATE_DIR: the last snapshot, and the members.
 *
 * The snapshot is complete, and this host and its service were verified in it. So the VIPs survive a restart of the
 * agent during a metadata outage.
 */
import * as v from "valibot";
import { tableOf } from "../text/table-schema.ts";
import type { Member } from "./members.ts";
import type { Snapshot } from "./snapshot.ts";

export interface LastGood {
  readonly snapshot: Snapshot;
  readonly members: readonly Member[];
}

const hostSchema = v.object({
  uuid: v.pipe(v.string(), v.nonEmpty()),
  name: v.string(),
  hostname: v.string(),
  agentIp: v.string(),
  environmentUuid: v.string(),
  labels: tableOf(v.string()),
  agentState: v.optional(v.string(), ""),
});
const containerSchema = v.object({
  uuid: v.string(),
  name: v.string(),
  externalId: v.string(),
  state: v.string(),
  hostUuid: v.string(),
  primaryIp: v.string(),
  environmentUuid: v.string(),
  createIndex: v.number(),
});
const lastGoodSchema = v.object({
  snapshot: v.object({
    version: v.string(),
    self: hostSchema,
    hosts: v.array(hostSchema),
    service: v.object({
      stackName: v.string(),
      name: v.string(),
      metadata: tableOf(v.unknown()),
      containers: v.array(containerSchema),
    }),
  }),
  members: v.array(
    v.object({
      hostUuid: v.string(),
      hostName: v.string(),
      address: v.optional(v.string(), undefined),
      groupAddresses: v.optional(tableOf(v.string()), {}),
      formerAddresses: v.optional(v.array(v.string()), []),
    }),
  ),
});

/** Undefined where the file is missing, damaged or of another version. */
export function parseLastGood(json: unknown): LastGood | undefined {
  const result = v.safeParse(lastGoodSchema, json);
  if (!result.success) return undefined;
  // JSON leaves out what is undefined
  const members = result.output.members.map((member) => ({ ...member, address: member.address }));
  return { snapshot: result.output.snapshot, members };
}
