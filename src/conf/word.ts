/** How a value becomes one word of keepalived.conf, and the keywords that the text must not contain. */
import { AgentError } from "../errors.ts";
import { escapeText } from "../text/escape.ts";

/** keepalived cuts a line in two after 1022 bytes, so this leaves room for the other words of a line. */
const MAX_WORD_BYTES = 900;

/** Texts that quotes cannot hold: an empty one, a lone brace, or one with a quote, a final backslash or a parameter. */
const UNQUOTABLE = /^[{}]?$|"|(?<!\\)(?:\\\\)*\\$|\$(?:\{\w[\w ]*\}|\w+[ \t,)])/;

/**
 * A value as one word of keepalived.conf, quoted where necessary.
 *
 * In double quotes, 2.2.7 takes everything literally except a quote (there is no escape for it), a brace that stands
 * alone, a backslash before the closing quote, and `${NAME}` or `$NAME,`, which it replaces.
 *
 * @throws {AgentError} VALUE_UNWRITABLE for a value that keepalived.conf cannot express.
 */
export function confWord(value: unknown): string {
  const text = String(value);
  // the fast path for ASCII, where bytes are characters: a large file has thousands of addresses
  if (text.length <= MAX_WORD_BYTES && /^[A-Za-z0-9/:][A-Za-z0-9._:/@%+-]*$/.test(text)) return text;
  const isTooLong = new TextEncoder().encode(text).length > MAX_WORD_BYTES;
  const hasControl = [...text].some((character) => character.charCodeAt(0) < 32 || character === "\u007f");
  if (isTooLong || UNQUOTABLE.test(text) || hasControl || !text.isWellFormed()) {
    throw new AgentError("VALUE_UNWRITABLE", `keepalived.conf cannot express "${escapeText(text)}"`);
  }
  return `"${text}"`;
}

/** Keywords that endanger a running VIP, with their effect. */
export const FORBIDDEN_KEYWORDS: Readonly<Record<string, string>> = {
  vrrp_rt_priority: "makes repeated reloads kill the VRRP process",
  vrrp_strict: "drops packets to the VIP and forbids unicast",
  strict_mode: "drops packets to the VIP and forbids unicast",
  no_accept: "drops the traffic that is to be forwarded from the VIP",
};
