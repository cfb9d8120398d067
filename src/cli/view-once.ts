/** What a command knows of metadata: as it is now, or as the agent last knew it. */
import path from "node:path";
import type { Logger } from "pino";
import type { Finding } from "../explain/agent.ts";
import { connectMetadata } from "../metadata/io/client.ts";
import { readSnapshot } from "../metadata/io/read-snapshot.ts";
import { parseLastGood } from "../metadata/last-good.ts";
import { foldMembership, listMembers } from "../metadata/membership.ts";
import { standaloneSnapshot } from "../metadata/standalone.ts";
import type { View } from "../metadata/view.ts";
import type { Settings } from "../settings/settings.ts";
import { readDockerId } from "../system/io/own-container.ts";
import { readJson } from "../system/io/state-dir.ts";

export interface ViewOptions {
  readonly settings: Settings;
  readonly hostName: string;
  /** Of this host, without VIPs. */
  readonly addresses: readonly string[];
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface ViewOnce extends View, Finding {
  /** Sentences that an operator should read. */
  readonly notes: readonly string[];
}

/** @throws {AgentError} where metadata cannot be read and nothing is remembered. */
export async function viewOnce(options: ViewOptions): Promise<ViewOnce> {
  const { settings, hostName, addresses, log, signal } = options;
  const { metadataUrl, stackName, serviceName, hostUuid, stateDir } = settings.agent;
  if (metadataUrl === undefined) {
    const snapshot = standaloneSnapshot(hostName);
    return { origin: "off", snapshot, members: [], selfBy: undefined, notes: [] };
  }
  const lastGood = parseLastGood(await readJson(path.join(stateDir, "last-good.json")));
  try {
    const client = connectMetadata({ url: metadataUrl, log, signal });
    const version = String(await client.get("version"));
    const knownHostUuid = lastGood?.snapshot.self.uuid;
    const local = async () => ({ hostName, addresses, hostUuid, knownHostUuid });
    const service = { stackName, serviceName, dockerId: await readDockerId() };
    const { selfBy, ...snapshot } = await readSnapshot(client.get, { version, local, service });
    // a peer that is missing now is within its grace for the agent
    const remembered = (lastGood?.members ?? []).map((member) => ({ member, formerSinceMs: {} }));
    const membership = foldMembership(remembered, listMembers(snapshot), {
      nowMs: 0,
      graceMs: Number.POSITIVE_INFINITY,
      isEvidence: false,
    });
    const members = membership.map(({ member }) => member);
    return { origin: "live", snapshot, members, selfBy, notes: [] };
  } catch (error) {
    if (lastGood === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const notes = [`metadata of an earlier run is used: ${reason}`];
    return { origin: "last-good", ...lastGood, selfBy: undefined, notes };
  }
}
