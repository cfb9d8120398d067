/** What the agent would write now, and why, without an agent: reads, and touches nothing. */
import path from "node:path";
import type { Logger } from "pino";
import { checkConf } from "../core/conf-check.ts";
import { isSameGroup } from "../core/cut-over.ts";
import { AgentError } from "../core/errors.ts";
import { type Explanation, explain } from "../core/explain.ts";
import type { Desired, Instance } from "../core/instance-vips.ts";
import { parseAddresses, parseApplied } from "../core/last-good.ts";
import { allAddresses, withoutAddresses } from "../core/local-network.ts";
import { renderConf, type Surroundings, surroundingsIn } from "../core/render.ts";
import type { Settings } from "../core/settings.ts";
import { renderShownConf } from "../core/shown-conf.ts";
import { readNetwork } from "../io/network.ts";
import { readJson } from "../io/state-dir.ts";
import { readTemplate } from "../io/template.ts";
import { desire } from "./desire.ts";
import { viewOnce } from "./view-once.ts";

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
  const held = parseAddresses(await readJson(path.join(stateDir, "addresses.json")));
  const network = withoutAddresses(await readNetwork(), new Set(held));
  const { notes, ...view } = await viewOnce({ ...options, addresses: allAddresses(network) });
  const applied = parseApplied(await readJson(path.join(stateDir, "applied.json")));
  const inForce = applied?.instances ?? [];
  const { desired, advice, refused, blocker, cases } = desire(settings, view, network, inForce);
  const around = surroundingsIn(stateDir);
  const { text, refusal } =
    blocker === undefined
      ? await renderChecked(templatePath, desired, around)
      : { text: undefined, refusal: blocker };
  const plans = adviseOnChanges(desired, inForce);
  const refusals = [...refused].map(([group, error]) => `group ${group}: ${error.message}; ${error.hint}`);
  const explanation = explain({
    settings,
    finding: view,
    templatePath,
    cases,
    desired,
    refused,
    advice: [...notes, ...plans],
    problem: refusal,
    conf: text,
  });
  return { text, advice: [...notes, ...advice, ...plans, ...refusals], refusal, explanation };
}

/** The text as it may be shown, and why the agent would not use the one with passwords. */
async function renderChecked(
  templatePath: string,
  desired: Desired,
  around: Surroundings,
): Promise<{ text: string | undefined; refusal: AgentError | undefined }> {
  let text: string | undefined;
  try {
    const template = await readTemplate(templatePath);
    text = renderShownConf(template, desired, around);
    checkConf(renderConf(template, desired, around), desired, around);
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
