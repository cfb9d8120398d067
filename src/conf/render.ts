/**
 * Template and Desired state become the text of keepalived.conf: same input, same bytes.
 *
 * nunjucks stays behind this file. A template that names something undefined fails instead of writing nothing,
 * and the filter `word` is the one way from a value to the text that cannot turn into syntax.
 */
import nunjucks from "nunjucks";
import { AgentError } from "../errors.ts";
import { escapeText } from "../settings/source.ts";
import type { Desired } from "../vrrp/instance.ts";

/** Paths and numbers that the text names, beside the Desired state. */
export interface Surroundings {
  /** FIFO that keepalived tells its transitions through. */
  readonly notifyFifo: string;
  /** Directory of the track files, one a group: `health-NAME`. */
  readonly trackDir: string;
  /** File for the messages of a reload that keepalived refused. */
  readonly reloadCheckLog: string;
}

/** The paths that keepalived.conf names, in the directory `STATE_DIR`. */
export function surroundingsIn(stateDir: string): Surroundings {
  return {
    notifyFifo: `${stateDir}/vrrp.fifo`,
    trackDir: stateDir,
    reloadCheckLog: `${stateDir}/reload-check.log`,
  };
}

/** The file that tells keepalived whether this host may own the VIPs of a group: `1`, and anything else is no. */
export function trackFileOf(trackDir: string, group: string): string {
  return `${trackDir}/health-${group}`;
}

/**
 * Seconds that a starting keepalived listens before it may take a VIP: long enough for the owner to learn of
 * this host from metadata and to send it adverts. A host that is alone has nobody to wait for.
 */
const STARTUP_DELAY_SECONDS = 3;

export function startupDelaySeconds({ instances }: Desired): number {
  return instances.every(({ unicast }) => unicast?.isAlone === true) ? 0 : STARTUP_DELAY_SECONDS;
}

/** All that a template gets; docs/template.md tells of each name. */
export function templateContext(desired: Desired, around: Surroundings) {
  return { ...desired, ...around, startupDelaySeconds: startupDelaySeconds(desired) };
}

/** nunjucks wraps what a filter throws and drops it, so the filter's own error is kept here during a rendering. */
let unwritable: unknown;

/** The template that was rendered last: to compile it costs much more than to render it. */
let compiled: { readonly text: string; readonly template: nunjucks.Template } | undefined;

/** @throws {AgentError} TEMPLATE_BROKEN with nunjucks' message, which names the line; VALUE_UNWRITABLE. */
export function renderConf(template: string, desired: Desired, around: Surroundings): string {
  unwritable = undefined;
  try {
    if (compiled?.text !== template) compiled = { text: template, template: compile(template) };
    return compiled.template.render(templateContext(desired, around));
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

/** Bytes. keepalived cuts a line in two after 1022, so this leaves room for the words beside it. */
const LONGEST_WORD = 900;

/** What has no place between quotes: nothing, a lone brace, a quote, a last backslash, a parameter. */
const UNQUOTABLE = /^[{}]?$|"|(?<!\\)(?:\\\\)*\\$|\$(?:\{\w[\w ]*\}|\w+[ \t,)])/;

/**
 * A value as one word of keepalived.conf, quoted where it needs to be.
 *
 * Measured on 2.2.7: within double quotes everything is literal but the quote itself, which has no escape, a brace
 * that stands alone, a backslash before the closing quote, and `${NAME}` or `$NAME,`, which are replaced.
 *
 * @throws {AgentError} VALUE_UNWRITABLE for the few values that keepalived.conf cannot express.
 */
export function confWord(value: unknown): string {
  const text = String(value);
  // ASCII alone, so that bytes are characters: all but a few of the thousand addresses of a large file
  if (text.length <= LONGEST_WORD && /^[A-Za-z0-9/:][A-Za-z0-9._:/@%+-]*$/.test(text)) return text;
  const isTooLong = new TextEncoder().encode(text).length > LONGEST_WORD;
  const hasControl = [...text].some((character) => character.charCodeAt(0) < 32 || character === "\u007f");
  if (isTooLong || UNQUOTABLE.test(text) || hasControl || !text.isWellFormed()) {
    throw new AgentError("VALUE_UNWRITABLE", `keepalived.conf cannot express "${escapeText(text)}"`);
  }
  return `"${text}"`;
}
