/**
 * Splits a line of `iptables-save` into words, and quotes words for such a line.
 *
 * Blanks separate words, double quotes keep blanks in a word, and within quotes a backslash escapes the next character.
 * Words stay quoted until `unquote`, so that a comment `-j` is not taken for an option.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The words with their quotes. Undefined where a quote is never closed. */
export function splitWords(line: string): string[] | undefined {
  // most lines have one blank between words, and neither quotes nor other blanks
  if (!/["\\\t\r]| {2}|^ | $/.test(line)) return line.split(" ");
  const words: string[] = [];
  let at = 0;
  while (at < line.length) {
    if (isBlank(line.charCodeAt(at))) {
      at += 1;
      continue;
    }
    const end = endOutsideQuotes(line, at, isBlank);
    if (end === undefined) return undefined;
    words.push(line.slice(at, end));
    at = end;
  }
  return words;
}

/**
 * Index of the first character from `start` on that is outside quotes and that `isEnd` accepts, else the length of the
 * text. Undefined where the text ends within quotes.
 */
export function endOutsideQuotes(
  text: string,
  start: number,
  isEnd: (code: number) => boolean,
): number | undefined {
  let isQuoted = false;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isQuoted = !isQuoted;
    else if (isQuoted && code === BACKSLASH) at += 1;
    else if (!isQuoted && isEnd(code)) return at;
  }
  return isQuoted ? undefined : text.length;
}

/** The text that a word stands for. */
export function unquote(word: string): string {
  if (!word.includes('"')) return word;
  return word.replace(/"((?:[^"\\]|\\.)*)"/gs, (_, quoted: string) => quoted.replace(/\\(.)/gs, "$1"));
}

/** The text as one word that cannot be taken for an option. */
export function quote(text: string): string {
  const isPlain = /^[^\s"'\\!-][^\s"'\\]*$/.test(text);
  return isPlain ? text : `"${text.replace(/["'\\]/g, "\\$&")}"`;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d; // 0d: a file that went through Windows
}
