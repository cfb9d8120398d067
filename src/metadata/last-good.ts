/**
 * What the agent remembers over a restart, so that a VIP outlives a metadata outage: the last good Snapshot,
 * who the members were, which host and service were verified to be the own ones.
 */
import * as v from "valibot";
import { HIDDEN } from "../settings/source.ts";
import type { Instance } from "../vrrp/instance.ts";
import type { Member } from "./membership.ts";
import type { Snapshot } from "./snapshot.ts";

export interface LastGood {
  readonly snapshot: Snapshot;
  readonly members: readonly Member[];
}

/** The configuration that keepalived last took, and the text that said it. Written down without passwords. */
export interface Applied {
  readonly text: string;
  readonly instances: readonly Instance[];
}

const hostSchema = v.object({
  uuid: v.pipe(v.string(), v.nonEmpty()),
  name: v.string(),
  hostname: v.string(),
  agentIp: v.string(),
  environmentUuid: v.string(),
  labels: v.record(v.string(), v.string()),
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
      metadata: v.record(v.string(), v.unknown()),
      containers: v.array(containerSchema),
    }),
  }),
  members: v.array(
    v.object({
      hostUuid: v.string(),
      hostName: v.string(),
      address: v.optional(v.string(), undefined),
      groupAddresses: v.optional(v.record(v.string(), v.string()), {}),
      formerAddresses: v.optional(v.array(v.string()), []),
    }),
  ),
});

const vipSchema = v.object({ address: v.string(), prefix: v.number() });
const instanceSchema = v.pipe(
  v.object({
    name: v.string(),
    interface: v.string(),
    virtualRouterId: v.number(),
    priority: v.number(),
    advertIntervalSeconds: v.number(),
    vrrpVersion: v.picklist([2, 3]),
    preempt: v.boolean(),
    preemptDelaySeconds: v.number(),
    unicast: v.optional(
      v.object({ source: v.string(), peers: v.array(v.string()), isAlone: v.boolean() }),
      undefined,
    ),
    firstVip: vipSchema,
    excludedVips: v.array(vipSchema),
    authPass: v.optional(v.literal(HIDDEN), undefined),
  }),
  // JSON leaves out what is undefined
  v.transform(
    (instance): Instance => ({ ...instance, unicast: instance.unicast, authPass: instance.authPass }),
  ),
);
const appliedSchema = v.object({
  text: v.pipe(v.string(), v.nonEmpty()),
  instances: v.array(instanceSchema),
});
const changesSchema = v.record(v.string(), v.pipe(v.array(instanceSchema), v.minLength(1)));

/** What was remembered, or undefined where it is missing, damaged or of another version. */
export function parseLastGood(json: unknown): LastGood | undefined {
  const result = v.safeParse(lastGoodSchema, json);
  if (!result.success) return undefined;
  // JSON leaves out what is undefined
  const members = result.output.members.map((member) => ({ ...member, address: member.address }));
  return { snapshot: result.output.snapshot, members };
}

/** The configuration that was remembered, or undefined where it is missing or damaged. */
export function parseApplied(json: unknown): Applied | undefined {
  const result = v.safeParse(appliedSchema, json);
  return result.success ? result.output : undefined;
}

/** What groups were before the planned changes that were under way, by name; empty where that is missing or damaged. */
export function parseChanges(json: unknown): Readonly<Record<string, readonly Instance[]>> {
  const result = v.safeParse(changesSchema, json);
  return result.success ? result.output : {};
}

/** The addresses that may still be on an interface of this host because an earlier keepalived put them there. */
export function parseAddresses(json: unknown): string[] {
  const result = v.safeParse(v.array(v.string()), json);
  return result.success ? result.output : [];
}
