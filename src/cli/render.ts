/** What the agent would write now, and why, without an agent: reads, and touches nothing. */

import path from "node:path";
import type { Logger } from "pino";
import { parseAppliedConf, parseHeldAddresses } from "../conf/applied.ts";
import { readTemplate } from "../conf/io/template.ts";
import { renderConfForDisplay } from "../conf/passwords.ts";
import { type ConfPaths, confPathsIn } from "../conf/paths.ts";
import { renderConf } from "../conf/render.ts";
import { verifyConf } from "../conf/verify.ts";
import { AgentError } from "../errors.ts";
import type { MetadataInput } from "../explain/agent.ts";
import { type Explanation, explain } from "../explain/explain.ts";
import { deriveDesiredState } from "../groups/desired-state.ts";
import { resolveGroups } from "../groups/resolved-groups.ts";
import { openMetadataClient } from "../metadata/io/client.ts";
import { readSnapshot } from "../metadata/io/read-snapshot.ts";
import { parseLastGood } from "../metadata/last-good.ts";
import { listMembers } from "../metadata/members.ts";
import { updateMembership } from "../metadata/membership.ts";
import { standaloneSnapshot } from "../metadata/snapshot.ts";
import type { MetadataView } from "../metadata/view.ts";
import { allAddresses, withoutAddresses } from "../network/host-network.ts";
import { readNetwork } from "../network/io/iproute.ts";
import type { Settings } from "../settings/settings.ts";
import { readDockerId } from "../system/io/proc.ts";
import { readJson } from "../system/io/state-dir.ts";
import type { Desired, Instance } from "../vrrp/instance.ts";
import { isSameGroup } from "../vrrp/same-group.ts";

export interface RenderOptions {
  readonly settings: Settings;
  readonly hostName: string;
  readonly templatePath: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface Rendered {
  /** Passwords hidden; undefined where there is none, and `refusal` says why. */
  readonly text: string | undefined;
  /** Sentences that an operator should read beside it. */
  readonly advice: readonly string[];
  /** Why the agent would not use the text, where it would not. */
  readonly refusal: AgentError | undefined;
  readonly explanation: Explanation;
}

/** @throws {AgentError} where the network or metadata cannot be read, so that nothing can be told. */
export async function renderOnce(options: RenderOptions): Promise<Rendered> {
  const { settings, templatePath } = options;
  const { stateDir } = settings.agent;
  const held = parseHeldAddresses(await readJson(path.join(stateDir, "addresses.json")));
  const network = withoutAddresses(await readNetwork(), new Set(held));
  const { notes, ...view } = await viewOnce({ ...options, addresses: allAddresses(network) });
  const applied = parseAppliedConf(await readJson(path.join(stateDir, "applied.json")));
  const inForce = applied?.instances ?? [];
  const groups = resolveGroups(settings, view.snapshot, inForce);
  const state = deriveDesiredState({ groups, view, network, inForce });
  const { desired, advice, refusals, failure } = state;
  const confPaths = confPathsIn(stateDir);
  const { text, refusal } =
    failure === undefined
      ? await renderChecked(templatePath, desired, confPaths)
      : { text: undefined, refusal: failure };
  const plans = adviseOnChanges(desired, inForce);
  const refusalTexts = [...refusals].map(
    ([group, error]) => `group ${group}: ${error.message}; ${error.hint}`,
  );
  const explanation = explain({
    settings,
    finding: view,
    templatePath,
    nameProblems: groups.nameProblems,
    state,
    advice: [...notes, ...plans],
    problem: refusal,
    conf: text,
  });
  return { text, advice: [...notes, ...advice, ...plans, ...refusalTexts], refusal, explanation };
}

/** The text as it may be shown, and why the agent would not use the one with passwords. */
async function renderChecked(
  templatePath: string,
  desired: Desired,
  confPaths: ConfPaths,
): Promise<{ text: string | undefined; refusal: AgentError | undefined }> {
  let text: string | undefined;
  try {
    const template = await readTemplate(templatePath);
    text = renderConfForDisplay(template, desired, confPaths);
    verifyConf(renderConf(template, desired, confPaths), desired, confPaths);
    return { text, refusal: undefined };
  } catch (error) {
    if (error instanceof AgentError) return { text, refusal: error };
    throw error;
  }
}

/** What this host runs and what it should are two groups on the wire: the agent takes turns with the other hosts. */
function adviseOnChanges({ instances }: Desired, inForce: readonly Instance[]): string[] {
  const changing = instances.filter((to) =>
    inForce.some((from) => from.name === to.name && !isSameGroup(from, to)),
  );
  return changing.map(
    ({ name }) =>
      `group ${name} is in a planned change: keepalived runs it as it was until it is this host's turn`,
  );
}

export interface ViewOptions {
  readonly settings: Settings;
  readonly hostName: string;
  /** Of this host, without VIPs. */
  readonly addresses: readonly string[];
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface ViewOnce extends MetadataView, MetadataInput {
  /** Sentences that an operator should read. */
  readonly notes: readonly string[];
}

/** @throws {AgentError} where metadata cannot be read and nothing is remembered. */
async function viewOnce(options: ViewOptions): Promise<ViewOnce> {
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
    const local = async () => ({ hostName, addresses, hostUuid, rememberedHostUuid });
    const service = { stackName, serviceName, dockerId: await readDockerId() };
    const { foundBy, ...snapshot } = await readSnapshot(client.get, {
      version,
      readIdentity: local,
      service,
    });
    // a peer that is missing now is within its grace for the agent
    const remembered = (lastGood?.members ?? []).map((member) => ({ member, formerSinceMs: {} }));
    const membership = updateMembership(remembered, listMembers(snapshot), {
      nowMs: 0,
      graceMs: Number.POSITIVE_INFINITY,
      isComplete: false,
    });
    const members = membership.map(({ member }) => member);
    return { origin: "live", snapshot, members, foundBy, notes: [] };
  } catch (error) {
    if (lastGood === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const notes = [`metadata of an earlier run is used: ${reason}`];
    return { origin: "last-good", ...lastGood, foundBy: undefined, notes };
  }
}
