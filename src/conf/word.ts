import { AgentError } from "../errors.ts";
import { escapeText } from "../text/escape.ts";

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

/** Keywords that endanger a running VIP, with what they do. */
export const FORBIDDEN_KEYWORDS: Readonly<Record<string, string>> = {
  vrrp_rt_priority: "makes repeated reloads kill the VRRP process",
  vrrp_strict: "drops packets to the VIP and forbids unicast",
  strict_mode: "drops packets to the VIP and forbids unicast",
  no_accept: "drops the traffic that is to be forwarded from the VIP",
};
