/** The command `render`: the keepalived.conf that the agent would write now, and why. It reads, and touches nothing. */
import path from "node:path";
import type { Logger } from "pino";
import { parseAppliedConf, parseHeldAddresses } from "../conf/applied.ts";
import { readTemplate } from "../conf/io/template.ts";
import { renderConfForDisplay } from "../conf/passwords.ts";
import { type ConfPaths, confPathsIn } from "../conf/paths.ts";
import { renderConf } from "../conf/render.ts";
import { verifyConf } from "../conf/verify.ts";
import { AgentError } from "../errors.ts";
import { type Explanation, explain } from "../explain/explain.ts";
import { explainText } from "../explain/text.ts";
import { deriveDesiredState } from "../groups/desired-state.ts";
import { resolveGroups } from "../groups/resolved-groups.ts";
import { metadataAddress } from "../metadata/service-address.ts";
import { withoutAddresses } from "../network/host-network.ts";
import { readNetwork } from "../network/io/iproute.ts";
import { ownAddresses } from "../network/shared-address.ts";
import type { Settings } from "../settings/settings.ts";
import { readJson } from "../system/io/state-dir.ts";
import { printableJson } from "../text/escape.ts";
import type { Desired, Instance } from "../vrrp/instance.ts";
import { isSameGroup } from "../vrrp/same-group.ts";
import type { CommandContext } from "./command.ts";
import type { OptionValues } from "./options.ts";
import { readView } from "./render-view.ts";
import { readSettings } from "./settings.ts";

interface RenderOptions {
  readonly settings: Settings;
  readonly hostName: string;
  readonly templatePath: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

interface Rendered {
  /** With passwords hidden; undefined if there is none, and `refusal` says why. */
  readonly text: string | undefined;
  /** Sentences for the operator. */
  readonly advice: readonly string[];
  /** Why the agent would not use the text; undefined if it would. */
  readonly refusal: AgentError | undefined;
  readonly explanation: Explanation;
}

/** @throws {AgentError} SETTINGS_INVALID; why the agent would not use this keepalived.conf, after it was printed. */
export async function renderCommand(context: CommandContext, values: OptionValues): Promise<number> {
  const settings = await readSettings(context.env);
  const templatePath = settings.agent.templatePath ?? context.shippedTemplate;
  const log = await context.openLog("silent");
  const { text, advice, refusal, explanation } = await renderNow({ ...context, settings, templatePath, log });
  if (values.explain) {
    context.print(values.json ? `${printableJson(explanation, 2)}\n` : explainText(explanation));
  } else {
    if (text !== undefined) context.print(text);
    for (const sentence of advice) context.printError(`note: ${sentence}\n`);
  }
  if (refusal !== undefined) throw refusal;
  return 0;
}

/** @throws {AgentError} if the network or metadata cannot be read. */
async function renderNow(options: RenderOptions): Promise<Rendered> {
  const { settings, templatePath } = options;
  const { stateDir } = settings.agent;
  const held = parseHeldAddresses(await readJson(path.join(stateDir, "addresses.json")));
  const network = withoutAddresses(
    await readNetwork(metadataAddress(settings.agent.metadataUrl)),
    new Set(held),
  );
  const { notes, ...view } = await readView({ ...options, addresses: ownAddresses(network) });
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
  // the only refused group is the failure, which is printed as the error
  const refused = refusals.size === 1 && failure !== undefined ? [] : [...refusals].flatMap(refusalNotes);
  const explanation = explain({
    settings,
    metadata: view,
    templatePath,
    nameProblems: groups.nameProblems,
    state,
    advice: [...settings.notes, ...notes, ...plans],
    problem: refusal,
    conf: text,
  });
  const sentences = [...settings.notes, ...notes, ...advice, ...plans, ...refused];
  return { text, advice: sentences, refusal, explanation };
}

/** Each problem of the group, the last one with the next step. */
function refusalNotes([group, { message, hint }]: readonly [string, AgentError]): string[] {
  const problems = message.split("\n").map((problem) => `group ${group}: ${problem}`);
  const last = problems.length - 1;
  return problems.map((text, index) =>
    index < last ? text : `${text}${/[.?!]$/.test(text) ? "" : "."} ${hint}`,
  );
}

/** Renders the text that may be shown; the refusal is about the one with passwords, which the agent would write. */
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

/** The file may differ from what runs: in a planned change the agent waits until it is this host's turn. */
function adviseOnChanges({ instances }: Desired, inForce: readonly Instance[]): string[] {
  const changing = instances.filter((to) =>
    inForce.some((from) => from.name === to.name && !isSameGroup(from, to)),
  );
  return changing.map(
    ({ name }) =>
      `group ${name} is in a planned change: keepalived keeps what it runs until it is this host's turn`,
  );
}
