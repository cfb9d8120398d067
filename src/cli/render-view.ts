/** Reads metadata once for `render`, as the agent would: what it remembers is used if metadata does not answer. */
import path from "node:path";
import type { Logger } from "pino";
import type { MetadataInput } from "../explain/agent.ts";
import { openMetadataClient } from "../metadata/io/client.ts";
import { readSnapshot } from "../metadata/io/read-snapshot.ts";
import { parseLastGood } from "../metadata/last-good.ts";
import { listMembers, listRestingMembers } from "../metadata/members.ts";
import { rememberedMembership, updateMembership } from "../metadata/membership.ts";
import { standaloneSnapshot } from "../metadata/snapshot.ts";
import type { MetadataView } from "../metadata/view.ts";
import type { Settings } from "../settings/settings.ts";
import { readDockerId } from "../system/io/proc.ts";
import { readJson } from "../system/io/state-dir.ts";

export interface ViewOptions {
  readonly settings: Settings;
  readonly hostName: string;
  /** This host's own addresses, without virtual IPs. */
  readonly addresses: readonly string[];
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface NotedView extends MetadataView, MetadataInput {
  /** Sentences for the operator. */
  readonly notes: readonly string[];
}

/** @throws {AgentError} METADATA_* or HOST_* if metadata cannot be read and nothing is remembered. */
export async function readView(options: ViewOptions): Promise<NotedView> {
  const { settings, hostName, addresses, log, signal } = options;
  const { metadataUrl, stackName, serviceName, hostUuid, stateDir } = settings.agent;
  if (metadataUrl === undefined) {
    const snapshot = standaloneSnapshot(hostName);
    return { origin: "off", snapshot, members: [], foundBy: undefined, notes: [] };
  }
  const lastGood = parseLastGood(await readJson(path.join(stateDir, "last-good.json")));
  try {
    const client = openMetadataClient({ url: metadataUrl, log, signal });
    const version = String(await client.get("version"));
    const rememberedHostUuid = lastGood?.snapshot.self.uuid;
    const readIdentity = async () => ({ hostName, addresses, hostUuid, rememberedHostUuid });
    const service = { stackName, serviceName, dockerId: await readDockerId() };
    const { foundBy, ...snapshot } = await readSnapshot(client.get, { version, readIdentity, service });
    // the agent keeps a peer that is missing now for PEER_REMOVAL_GRACE, so it counts here, too
    const remembered = rememberedMembership(lastGood?.members ?? []);
    const membership = updateMembership(remembered, listMembers(snapshot), {
      nowMs: 0,
      graceMs: Number.POSITIVE_INFINITY,
      isComplete: false,
      resting: listRestingMembers(snapshot),
    });
    const members = membership.map(({ member }) => member);
    return { origin: "live", snapshot, members, foundBy, notes: [] };
  } catch (error) {
    if (lastGood === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const notes = [`metadata cannot be read now, so that of an earlier run is used: ${reason}`];
    return { origin: "last-good", ...lastGood, foundBy: undefined, notes };
  }
}
