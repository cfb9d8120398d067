/**
 * Renders keepalived.conf from the template and the Desired state: the same input gives the same bytes.
 *
 * A template that names something undefined fails instead of writing nothing. A value that passes the filter `word`
 * cannot become syntax. Only this file imports nunjucks.
 */
import nunjucks from "nunjucks";
import { AgentError } from "../errors.ts";
import { isIpv6 } from "../network/address.ts";
import type { Desired, Instance } from "../vrrp/instance.ts";
import { announcementTimes } from "./announcements.ts";
import type { ConfPaths } from "./paths.ts";
import { type CompiledTemplate, SHIPPED_TEMPLATE } from "./shipped-template.ts";
import { confWord } from "./word.ts";

/** Long enough for the owner to learn of this host from metadata and to send it adverts. */
const STARTUP_DELAY_SECONDS = 3;

/** How long a starting keepalived only listens, before it may take a VIP. A host without peers does not wait. */
function startupDelaySeconds({ instances }: Desired): number {
  return instances.every(({ unicast }) => unicast?.isAlone === true) ? 0 : STARTUP_DELAY_SECONDS;
}

/** The kernel makes an IPv4 address of a subnet the secondary of another one, and removes it with that one. */
function hasSubnet({ firstVip, excludedVips }: Instance): boolean {
  return [firstVip, ...excludedVips].some(({ address, prefix }) => !isIpv6(address) && prefix < 32);
}

/** All names that a template can use; docs/use/template.md explains each. */
export function templateContext(desired: Desired, confPaths: ConfPaths) {
  return {
    ...desired,
    instances: desired.instances.map((instance) => ({ ...instance, hasSubnet: hasSubnet(instance) })),
    ...confPaths,
    ...announcementTimes(desired),
    startupDelaySeconds: startupDelaySeconds(desired),
  };
}

/** The error of the filter `word` during a rendering: nunjucks replaces it with an error of its own. */
let unwritable: unknown;

/** The last template: compiling it costs much more than rendering it. */
let compiled: { readonly text: string; readonly template: nunjucks.Template } | undefined;

/**
 * @param shipped the template that need not be compiled.
 * @throws {AgentError} TEMPLATE_BROKEN with nunjucks' message, which names the line; VALUE_UNWRITABLE of a value.
 */
export function renderConf(
  template: string,
  desired: Desired,
  confPaths: ConfPaths,
  shipped = SHIPPED_TEMPLATE,
): string {
  unwritable = undefined;
  try {
    if (compiled?.text !== template) compiled = { text: template, template: compile(template, shipped) };
    return compiled.template.render(templateContext(desired, confPaths));
  } catch (error) {
    if (unwritable !== undefined) throw unwritable;
    const message = error instanceof Error ? error.message : String(error);
    const where = message.replace("(unknown path)", "").replaceAll(/\s+/g, " ").trim();
    throw new AgentError("TEMPLATE_BROKEN", `the template cannot be rendered: ${where}`, { cause: error });
  }
}

function compile(template: string, shipped: CompiledTemplate | undefined): nunjucks.Template {
  // nunjucks takes a compiled template, too, which its types do not know
  const source = template === shipped?.text ? { type: "code", obj: shipped.code } : template;
  return new nunjucks.Template(source as string, templateEnvironment());
}

export function templateEnvironment(): nunjucks.Environment {
  const environment = new nunjucks.Environment(null, {
    autoescape: false,
    throwOnUndefined: true,
    trimBlocks: true,
    lstripBlocks: true,
  });
  return environment.addFilter("word", word);
}

function word(value: unknown): string | undefined {
  // returned as undefined, so that throwOnUndefined reports it with its line
  if (value === undefined || value === null) return undefined;
  try {
    return confWord(value);
  } catch (error) {
    unwritable = error;
    throw error;
  }
}
