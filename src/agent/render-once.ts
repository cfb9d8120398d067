/** What the agent would write now, without an agent: reads, and touches nothing. */
import path from "node:path";
import type { Logger } from "pino";
import { checkConf } from "../core/conf-check.ts";
import { AgentError } from "../core/errors.ts";
import { parseAddresses, parseApplied, parseLastGood } from "../core/last-good.ts";
import { allAddresses, withoutAddresses } from "../core/local-network.ts";
import { foldMembership, listMembers } from "../core/membership.ts";
import { hidePasswords } from "../core/password.ts";
import { renderConf, surroundingsIn } from "../core/render.ts";
import type { Settings } from "../core/settings.ts";
import { standaloneSnapshot } from "../core/standalone.ts";
import { connectMetadata } from "../io/metadata.ts";
import { readNetwork } from "../io/network.ts";
import { readDockerId } from "../io/own-container.ts";
import { readSnapshot } from "../io/snapshot.ts";
import { readJson } from "../io/state-dir.ts";
import { readTemplate } from "../io/template.ts";
import { desire } from "./desire.ts";
import type { View } from "./knowledge.ts";

export interface RenderOptions {
  readonly settings: Settings;
  readonly hostName: string;
  readonly templatePath: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Rendered {
  /** Without passwords. */
  readonly text: string;
  /** Sentences that an operator should read beside it. */
  readonly advice: readonly string[];
  /** Why the agent would not use the text, where it would not. */
  readonly refusal: AgentError | undefined;
}

/** @throws {AgentError} where the agent would wait or keep what it has. */
export async function renderOnce(options: RenderOptions): Promise<Rendered> {
  const { settings } = options;
  const { stateDir } = settings.agent;
  const held = parseAddresses(await readJson(path.join(stateDir, "addresses.json")));
  const network = withoutAddresses(await readNetwork(), new Set(held));
  const { view, note } = await look(options, allAddresses(network));
  const applied = parseApplied(await readJson(path.join(stateDir, "applied.json")));
  const { desired: full, advice, refused } = desire(settings, view, network, applied?.instances ?? []);
  const desired = hidePasswords(full);
  const around = surroundingsIn(stateDir);
  const text = renderConf(await readTemplate(options.templatePath), desired, around);
  const refusals = [...refused].map(([group, error]) => `group ${group}: ${error.message}; ${error.hint}`);
  return {
    text,
    advice: [...note, ...advice, ...refusals],
    refusal: refusalOf(() => checkConf(text, desired, around)),
  };
}

function refusalOf(check: () => void): AgentError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
}

/** Metadata as it is now, or as the agent last knew it. */
async function look(
  { settings, hostName, log, signal }: RenderOptions,
  addresses: readonly string[],
): Promise<{ view: View; note: string[] }> {
  const { metadataUrl, stackName, serviceName, hostUuid, stateDir } = settings.agent;
  if (metadataUrl === undefined) {
    return { view: { origin: "off", snapshot: standaloneSnapshot(hostName), members: [] }, note: [] };
  }
  const lastGood = parseLastGood(await readJson(path.join(stateDir, "last-good.json")));
  try {
    const client = connectMetadata({ url: metadataUrl, log, signal });
    const version = String(await client.get("version"));
    const knownHostUuid = lastGood?.snapshot.self.uuid;
    const local = async () => ({ hostName, addresses, hostUuid, knownHostUuid });
    const service = { stackName, serviceName, dockerId: await readDockerId() };
    const snapshot = await readSnapshot(client.get, { version, local, service });
    // a peer that is missing now is within its grace for the agent
    const remembered = (lastGood?.members ?? []).map((member) => ({ member, formerSinceMs: {} }));
    const membership = foldMembership(remembered, listMembers(snapshot), {
      nowMs: 0,
      graceMs: Number.POSITIVE_INFINITY,
      isEvidence: false,
    });
    return { view: { origin: "live", snapshot, members: membership.map(({ member }) => member) }, note: [] };
  } catch (error) {
    if (lastGood === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return {
      view: { origin: "last-good", ...lastGood },
      note: [`metadata of an earlier run is used: ${reason}`],
    };
  }
}
