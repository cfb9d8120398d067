/**
 * Template and Desired state become the text of keepalived.conf: same input, same bytes.
 *
 * nunjucks stays behind this file. A template that names something undefined fails instead of writing nothing,
 * and the filter `word` is the one way from a value to the text that cannot turn into syntax.
 */
import nunjucks from "nunjucks";
import { AgentError } from "../errors.ts";
import type { Desired } from "../vrrp/instance.ts";
import type { ConfPaths } from "./paths.ts";
import { confWord } from "./word.ts";

/**
 * Seconds that a starting keepalived listens before it may take a VIP: long enough for the owner to learn of
 * this host from metadata and to send it adverts. A host that is alone has nobody to wait for.
 */
const STARTUP_DELAY_SECONDS = 3;

export function startupDelaySeconds({ instances }: Desired): number {
  return instances.every(({ unicast }) => unicast?.isAlone === true) ? 0 : STARTUP_DELAY_SECONDS;
}

/** All that a template gets; docs/template.md tells of each name. */
export function templateContext(desired: Desired, confPaths: ConfPaths) {
  return { ...desired, ...confPaths, startupDelaySeconds: startupDelaySeconds(desired) };
}

/** nunjucks wraps what a filter throws and drops it, so the filter's own error is kept here during a rendering. */
let unwritable: unknown;

/** The template that was rendered last: to compile it costs much more than to render it. */
let compiled: { readonly text: string; readonly template: nunjucks.Template } | undefined;

/** @throws {AgentError} TEMPLATE_BROKEN with nunjucks' message, which names the line; VALUE_UNWRITABLE. */
export function renderConf(template: string, desired: Desired, confPaths: ConfPaths): string {
  unwritable = undefined;
  try {
    if (compiled?.text !== template) compiled = { text: template, template: compile(template) };
    return compiled.template.render(templateContext(desired, confPaths));
  } catch (error) {
    if (unwritable !== undefined) throw unwritable;
    const message = error instanceof Error ? error.message : String(error);
    const where = message.replace("(unknown path)", "").replaceAll(/\s+/g, " ").trim();
    throw new AgentError("TEMPLATE_BROKEN", `the template cannot be rendered: ${where}`, { cause: error });
  }
}

function compile(template: string): nunjucks.Template {
  const environment = new nunjucks.Environment(null, {
    autoescape: false,
    throwOnUndefined: true,
    trimBlocks: true,
    lstripBlocks: true,
  });
  return new nunjucks.Template(template, environment.addFilter("word", word));
}

function word(value: unknown): string | undefined {
  // as text it would get past throwOnUndefined, which names the line
  if (value === undefined || value === null) return undefined;
  try {
    return confWord(value);
  } catch (error) {
    unwritable = error;
    throw error;
  }
}
